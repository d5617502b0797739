"""Entries as Benchling describes them, and odder ones that nobody promises against."""

from hypothesis import strategies as st

from .benchling_api import COMPONENT, described
from .instances import any_of

# Half characters too: JSON can hold them.
TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda it: st.lists(it, max_size=3) | st.dictionaries(TEXT, it, max_size=3),
    max_leaves=6,
)
KINDS = ("custom_entity", "dna_sequence", "user", "link", "batch", "custom_entity_link", "moon")
URLS = st.sampled_from(
    ["https://acme.benchling.com/a/f/bfi_1-qb-2743/edit", "http://[", "/bfi_1-", ""]
)
LINKS = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS) | JUNK, "id": st.sampled_from(["bfi_1", "seq_2", ""]) | JUNK},
    optional={"webURL": URLS | JUNK},
)
NOTES = st.fixed_dictionaries({"links": st.lists(LINKS | JUNK, max_size=4) | JUNK})
PEOPLE = st.dictionaries(st.sampled_from(["id", "name", "handle"]), TEXT | JUNK, max_size=3)
FIELDS = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS) | JUNK, "value": st.lists(TEXT | JUNK, max_size=3) | JUNK}
)
ODD = {
    "authors": st.lists(PEOPLE | JUNK, max_size=3) | JUNK,
    "createdAt": TEXT | JUNK,
    "creator": PEOPLE | JUNK,
    "days": st.lists(
        st.fixed_dictionaries({"notes": st.lists(NOTES | JUNK, max_size=3) | JUNK}) | JUNK,
        max_size=3,
    )
    | JUNK,
    "displayId": TEXT | JUNK,
    "fields": st.dictionaries(TEXT, FIELDS | JUNK, max_size=3) | st.lists(FIELDS) | JUNK,
    "folderId": JUNK,
    "modifiedAt": TEXT | JUNK,
    "name": TEXT | JUNK,
    "schema": TEXT | st.dictionaries(st.just("name"), JUNK) | JUNK,
    "webURL": TEXT | JUNK,
}


def entries():
    """Return a strategy for entries: as described, or with odd values, always with an ID."""
    api = described()
    as_described = any_of(api, {"$ref": f"{COMPONENT}Entry"})
    odd = st.fixed_dictionaries({}, optional=ODD)
    return st.builds(
        lambda first, second: {**first, **second, "id": "etr_1"},
        as_described,
        st.just({}) | odd,
    )
