"""Attribute names, attribute values and update expressions, as DynamoDB writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# An attribute's value: {"S": text}, {"N": number}, {"M": fields}.
Attribute = dict[str, Any]


def attribute(value: str | float) -> Attribute:
    """Return the attribute of a text or a number; fractions keep milliseconds."""
    if isinstance(value, str):
        return {"S": value}
    return {"N": f"{value:.3f}" if isinstance(value, float) else str(value)}


def text_of(item: Mapping[str, Any], name: str) -> str:
    """Return an item's text, or nothing."""
    return str(item.get(name, {}).get("S", ""))


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's texts and numbers as they were written."""
    return {
        name: _number(value["N"]) if "N" in value else value.get("S", "")
        for name, value in item.items()
    }


def _number(text: str) -> float:
    return int(text) if text.isdigit() else float(text)


def update_expression(values: Mapping[str, Attribute]) -> str:
    """Return the update expression that sets the values."""
    return "SET " + ", ".join(f"#{name} = :{name}" for name in values)


def attribute_names(values: Mapping[str, Attribute]) -> dict[str, str]:
    """Return every name by its placeholder: half of them are DynamoDB's reserved words."""
    return {f"#{name}": name for name in values}


def attribute_values(values: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Return the values by their placeholders in the update expression."""
    return {f":{name}": value for name, value in values.items()}
