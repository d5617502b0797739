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
    """What is true or false; an empty text is as ``empty`` says."""

    variable: str = ""
    empty: bool = False

    def read(self, text: str) -> bool:
        """Return the value of what the environment has."""
        return text == "true" if text else self.empty


@dataclass(frozen=True)
class Names:
    """Names of a pattern, separated by commas: each once, and up to a number."""

    pattern: str
    fault: str
    most: int
    variable: str = ""

    def read(self, text: str) -> tuple[str, ...]:
        """Return the names; raises ValueError for one that is none, and for too many."""
        names = tuple(dict.fromkeys(text.split(","))) if text else ()
        wrong = [shown(it) for it in names if not re.fullmatch(self.pattern, it)]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: {self.fault}, separated by commas alone")
        if len(names) > self.most:
            raise ValueError(f"has {len(names)} names, more than {self.most}: leave some out")
        return names


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
