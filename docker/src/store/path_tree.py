"""Paths of files, as a tree: which path would be both a file and a directory."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable


class PathTree:
    """The paths of files; ``/`` divides a path into its components."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        """Take the first paths."""
        self._files = set(paths)
        self._sorted = sorted(self._files)

    def add(self, path: str) -> None:
        """Add a file."""
        if path not in self._files:
            self._files.add(path)
            insort(self._sorted, path)

    def is_directory(self, path: str) -> bool:
        """Return whether a file lies below a path."""
        below = f"{path}/"
        at = bisect_left(self._sorted, below)
        return at < len(self._sorted) and self._sorted[at].startswith(below)

    def is_free(self, path: str) -> bool:
        """Return whether a file can be put at a path, beside the others."""
        if path in self._files or self.is_directory(path):
            return False
        end = path.find("/")
        while end >= 0:
            if path[:end] in self._files:
                return False
            end = path.find("/", end + 1)
        return True
