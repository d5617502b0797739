"""Where an export's files go beside those of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from .archive import Member
from .export_record import Kind, StoredObject
from .path_tree import PathTree


@dataclass(frozen=True)
class Places:
    """Where an export's files go, and the documents by their usual names."""

    members: list[tuple[StoredObject, Member]]
    documents: dict[str, str]


def placed(members: Sequence[Member], documents: Iterable[str], foreign: Iterable[str]) -> Places:
    """Return a place for each file that neither meets a foreign file nor another of ours.

    A file goes to its own path, or below ``export/`` if that isn't free. The
    documents' names are theirs.
    """
    usual, foreign = list(documents), list(foreign)
    theirs, reserved = PathTree(foreign), PathTree([*foreign, *usual])
    paths = {member.path: member.path for member in members if reserved.is_free(member.path)}
    places = {name: name for name in usual if theirs.is_free(name)}
    taken = PathTree([*foreign, *paths, *places])
    for member in members:
        if member.path not in paths:
            paths[member.path] = _diverted(member.path, taken)
    for name in usual:
        if name not in places:
            places[name] = _diverted(name, taken)
    return Places([(_file(paths[member.path], member), member) for member in members], places)


def _diverted(path: str, taken: PathTree) -> str:
    numbers = count(2)
    free = f"export/{path}"
    while not taken.is_free(free):
        free = f"export-{next(numbers)}/{path}"
    taken.add(free)
    return free


def _file(path: str, member: Member) -> StoredObject:
    return StoredObject(path, member.name, member.size, member.crc32, Kind.FILE)
