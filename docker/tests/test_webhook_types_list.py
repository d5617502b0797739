"""The list from which the app's manifest is written has the table's types that do something."""

import json
from pathlib import Path

from src.webhook.webhook_types import WEBHOOK_TYPES, Meaning

LIST = Path(__file__).parents[2] / "internal/operate/webhook_types.json"


def test_the_list_has_the_types_of_the_table_that_have_an_effect():
    effects = {
        meaning.value: [kind for kind, its in WEBHOOK_TYPES.items() if its is meaning]
        for meaning in (Meaning.EXPORT, Meaning.CANVAS)
    }
    assert json.loads(LIST.read_text()) == effects, f"write {json.dumps(effects)} to {LIST}"
