"""The events that `make verify` and `make backfill` queue, and the items that they look at."""

import json
import threading
from pathlib import Path

import pytest

from src.export.export_status import UNCONFIRMED
from src.queues.event import from_message

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "internal/operate/testdata/events.json").read_text()
)
CLAIMS_GO = Path(__file__).parents[2] / "internal/operate/claims.go"


def test_a_verified_entry_is_exported_as_by_a_button():
    event = from_message(json.dumps(GOLDEN["pressed"]))
    assert event.others == {}
    assert event.canvas
    # Its export isn't put off, and is no page of a canvas.
    assert (event.canvas.entry_id, event.canvas.view) == (event.entry_id, None)
    assert json.loads(event.to_message()) == GOLDEN["pressed"]


def test_an_entry_of_a_backfill_is_exported_as_after_a_change():
    event = from_message(json.dumps(GOLDEN["backfill"]))
    assert event.others == {}
    assert event.canvas is None
    assert event.trigger["type"] == "backfill.requested"
    assert json.loads(event.to_message()) == GOLDEN["backfill"]


def test_the_state_of_a_package_that_quilt_does_not_confirm():
    assert f'"{UNCONFIRMED}"' in CLAIMS_GO.read_text()


@pytest.mark.slow
def test_the_worker_writes_the_items_that_they_look_at(stage):
    stage.event()  # The entry is there; that of the backfill isn't.
    for event in (GOLDEN["pressed"], GOLDEN["backfill"]):
        stage.intake.send(json.dumps(event), event["entry_id"], event["webhook_id"])
        assert stage.exports.poll(threading.Event())
    stage.confirm()
    for key, wanted in GOLDEN["items"].items():
        written = stage.item(key)
        assert {name: _common(written[name], its) for name, its in wanted.items()} == wanted
    assert float(stage.item("entry#etr_1")["handed_at"]["N"]) > 0


def _common(written, wanted):
    """Return of a map the fields that are wanted, anything else as it is."""
    if "M" not in wanted:
        return written
    return {"M": {name: written["M"][name] for name in wanted["M"]}}
