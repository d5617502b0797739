"""docs/packages.md: its example is what an export makes, and it names every file and field.

UPDATE=1 writes the example anew.
"""

import json
import os
import re
from pathlib import Path

import pytest

from src.store.archive import MAX_BYTES, MAX_MEMBERS
from src.store.member_names import HASH_DIGITS, MAX_PATH_BYTES, fault_of
from src.store.member_reader import DAMAGED
from src.store.package_store import RECORDS
from src.store.references import MAX_NAMES

from .benchling_server import entry, zip_of

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "packages.md"
EXAMPLE = re.compile(r"(?<=<!-- example -->\n).*(?=<!-- end of the example -->)", re.DOTALL)
SHOWN = ("entry.json", "input.json", "links.json", "README.md")
FILES = {
    "EXP1.pdf": b"%PDF-1.7 " + b"x" * 5000,
    "README.md": b"What the scientist attached under this name.\n",
    "images/Screenshot at 3.45.12\u202fPM.png": b"\x89PNG" + b"x" * 300,
    "notes\nof Monday.txt": b"Buffer too warm.\n",
    "../leads-out.sh": b"exit 1\n",
}


@pytest.fixture
def package(stage):
    """The files of a package beside which a scientist keeps one of her own."""
    web = "https://acme.benchling.com/acme/f/lib_1-registry"
    links = [
        {"type": "custom_entity", "id": "bfi_1", "webURL": f"{web}/bfi_1-qb-2743-1/edit"},
        {"type": "dna_sequence", "id": "seq_2", "webURL": f"{web}/seq_2-secret-plasmid/edit"},
    ]
    stage.server.entries["etr_1"] = {
        **entry("etr_1"),
        "schema": {"id": "ts_1", "name": "Buffer assay"},
        "days": [
            {
                "date": "2026-01-02",
                "title": None,
                "notes": [{"type": "text", "indentation": 0, "text": "Two.", "links": links}],
            }
        ],
    }
    stage.server.names["custom-entities/bfi_1"] = "QB-2743.1"
    stage.server.faults["/api/v2/dna-sequences/seq_2"] = [(403, {})]
    stage.server.zip = zip_of(FILES)
    stage.s3.put_object(
        Bucket="packages", Key="benchling/EXP1/results/my-analysis.csv", Body=b"a,b\n"
    )
    stage.send(received_at=1_767_323_050.25)
    stage.next()
    return {**stage.files(), **stage.files("benchling/.exports/")}


def example(package):
    keys = "\n".join(f"{len(content):>6}  {key}" for key, content in sorted(package.items()))
    lines = ["What lies in the bucket, with sizes in bytes:", "", "```text", keys, "```", ""]
    for name in SHOWN:
        kind = "json" if name.endswith(".json") else "markdown"
        text = package[f"benchling/EXP1/{name}"].decode().rstrip()
        lines += [f"`{name}`:", "", f"```{kind}", text, "```", ""]
    return "\n".join(lines)


def test_the_pages_example_is_what_an_export_makes(package):
    page = PAGE.read_text()
    made = EXAMPLE.sub(lambda _: example(package), page)
    if os.environ.get("UPDATE"):
        PAGE.write_text(made)
    assert page.count("<!-- example -->") == 1
    assert PAGE.read_text() == made, "make it anew with UPDATE=1"


def test_the_page_names_every_file_and_field(package):
    described = EXAMPLE.sub("", PAGE.read_text())
    names = {*SHOWN, "entry_data.json", ".exports"}
    for name in SHOWN:
        if name.endswith(".json"):
            names |= fields_of(json.loads(package[f"benchling/EXP1/{name}"]))
    assert {it for it in names if f"`{it}`" not in described} == set()


@pytest.mark.parametrize(
    "fact",
    [
        f"the first {MAX_NAMES} objects",
        f"more than {MAX_MEMBERS:,} files or {MAX_BYTES // 1024**3} GiB",
        f"More than {MAX_PATH_BYTES} bytes",
        f"`~` and {HASH_DIGITS} digits",
        f"`PREFIX/{RECORDS}/DISPLAY_ID.json`",
        *(f"| {fault_of(name)} |" for name in ("../a", "/a", "./")),
        f"| {DAMAGED} |",
    ],
)
def test_the_page_says_what_the_code_does(fact):
    assert fact in PAGE.read_text()


def fields_of(value):
    if isinstance(value, list):
        return set().union(*map(fields_of, value))
    if isinstance(value, dict):
        return set(value).union(*map(fields_of, value.values()))
    return set()


def test_the_example_shows_each_case(package):
    paths = {key.removeprefix("benchling/EXP1/") for key in package}
    assert {
        "results/my-analysis.csv",
        "export/README.md",
        "images/Screenshot at 3.45.12\u202fPM.png",
        "notes%0Aof Monday.txt",
    } <= paths
    listed = json.loads(package["benchling/EXP1/input.json"])
    assert listed["left_out"] == [{"name": "../leads-out.sh", "reason": "leads out of the package"}]
