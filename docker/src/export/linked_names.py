"""The names of the objects that an entry links to, kept for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .benchling_responses import BenchlingClientError, is_id

# Where the API has the objects that an entry's notes and fields link to, and the
# field that names each. Batches, dashboards, protocols, stage entries and workflows
# can't be read by their ID. Source: v2/stable/openapi.yaml of benchling_api_client.
NAMED = {
    "aa_sequence": ("aa-sequences", "name"),
    "assay_request": ("requests", "displayId"),
    "box": ("boxes", "name"),
    "container": ("containers", "name"),
    "custom_entity": ("custom-entities", "name"),
    "dna_sequence": ("dna-sequences", "name"),
    "entry": ("entries", "name"),
    "folder": ("folders", "name"),
    "location": ("locations", "name"),
    "mixture": ("mixtures", "name"),
    "molecule": ("molecules", "name"),
    "plate": ("plates", "name"),
    "request": ("requests", "displayId"),
    "user": ("users", "name"),
}
# A name that was read is taken for this long, by this many objects.
NAME_SECONDS = 600.0
NAMES_KEPT = 5000

# Returns the JSON object of a path of the API; its first argument says what is read.
Get = Callable[[str, str], dict[str, Any]]


class LinkedNames:
    """Reads names, each once in NAME_SECONDS."""

    def __init__(self, get: Get) -> None:
        """Take what reads from the API, or raises BenchlingClientError."""
        self._get = get
        self._names: dict[tuple[str, str], tuple[float, str | None]] = {}

    def name_of(self, kind: str, object_id: str) -> str | None:
        """Return the name of a linked object; None where the app may not read it.

        ``kind`` is a link's type in an entry. Raises UnavailableError where Benchling
        is too busy to say.
        """
        if kind not in NAMED or not is_id(object_id):
            return None
        key = (kind, object_id)
        now = time.monotonic()
        read_at, name = self._names.get(key, (float("-inf"), None))
        if now - read_at > NAME_SECONDS:
            name = self._read_name(kind, object_id)
            if len(self._names) >= NAMES_KEPT:
                self._names.clear()
            self._names[key] = (now, name)
        return name

    def _read_name(self, kind: str, object_id: str) -> str | None:
        path, field = NAMED[kind]
        try:
            found = self._get(f"the linked {kind}", f"{path}/{object_id}")
        except BenchlingClientError:
            return None
        found = found.get("entry", found) if kind == "entry" else found
        name = found.get(field)
        return name if isinstance(name, str) else None
