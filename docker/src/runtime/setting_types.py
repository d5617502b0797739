"""How a setting is read of the text that the environment has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .predecessor import LEVELS
from .secret import LOG_LEVELS

# A wrong value is shown so far.
SHOWN_LETTERS = 80


@dataclass(frozen=True)
class Text:
    """A text, as the environment has it."""

    # The variable, where it isn't the field's name in capitals.
    variable: str = ""

    def read(self, text: str) -> str:
        """Return the value of what the environment has."""
        return text


@dataclass(frozen=True)
class Flag:
    """What is true or false."""

    variable: str = ""

    def read(self, text: str) -> bool:
        """Return the value of what the environment has."""
        return text == "true"


@dataclass(frozen=True)
class Whole:
    """A whole number from ``least`` to ``most``."""

    least: int
    most: int
    variable: str = ""

    def read(self, text: str) -> int:
        """Return the number; raises ValueError for anything else."""
        if re.fullmatch("[0-9]{1,9}", text) and self.least <= int(text) <= self.most:
            return int(text)
        raise ValueError(
            f"{shown(text)}: not a whole number from {self.least} to {self.most}: set one"
        )


@dataclass(frozen=True)
class Level:
    """The level of logs."""

    variable: str = ""

    def read(self, text: str) -> str:
        """Return the level in capitals, INFO for none; raises ValueError for another text."""
        level = (text or "INFO").upper()
        level = LEVELS.get(level, level)
        if level not in LOG_LEVELS:
            raise ValueError(f"{shown(level)}: no such level: use one of {', '.join(LOG_LEVELS)}")
        return level


def shown(text: str) -> str:
    """Return a wrong value as it is quoted: in part, where it is long."""
    return repr(text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…")
