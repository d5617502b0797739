"""Buttons that quiltdata's benchling-webhook has drawn do what they say, or redraw the canvas."""

import pytest

from src.queues.canvas_request import (
    CanvasRequest,
    canvas_request,
    metadata_button,
    page_button,
    update_button,
)
from src.queues.canvas_view import CanvasView, LinkedView

UUID = "7f9c24e8-3b12-4c1a-9d2e-0a1b2c3d4e5f"


def press(button):
    return canvas_request(
        {"type": "v2.canvas.userInteracted", "canvasId": "cnvs_1", "buttonId": button}
    )


def linked(token, page, metadata=False):
    return CanvasView(linked=LinkedView(token, page, metadata))


@pytest.mark.parametrize("entry", ["etr_1", "etr_AbC9", UUID])
@pytest.mark.parametrize(
    ("button", "view"),
    [
        ("{}", None),
        ("update-package-{}", None),
        ("back-to-package-{}", CanvasView(1)),
        ("browse-files-{}-p0-s15", CanvasView(1)),
        # Files 30 to 44 begin on the second page of twenty.
        ("browse-files-{}-p2-s15", CanvasView(2)),
        ("next-page-{}-p4-s15", CanvasView(4)),
        ("prev-page-{}-p3-s15", CanvasView(3)),
        ("view-metadata-{}-p2-s15", CanvasView(2, metadata=True)),
        ("browse-linked-{}-pkg-lab--exp-p1-p0-s15", linked("lab--exp-p1", 1)),
        ("browse-linked-{}-pkg-lab--a-pkg-b-p0-s15", linked("lab--a-pkg-b", 1)),
        ("next-page-linked-{}-pkg-lab--exp-p4-s15", linked("lab--exp", 4)),
        ("prev-page-linked-{}-pkg-lab--exp-p2-s15", linked("lab--exp", 2)),
        ("view-metadata-linked-{}-pkg-lab--exp-p2-s15", linked("lab--exp", 2, metadata=True)),
    ],
)
def test_a_button_of_the_predecessor_is_understood(button, view, entry):
    assert press(button.format(entry)) == CanvasRequest(entry, "cnvs_1", view=view)


@pytest.mark.parametrize(
    "button",
    [
        "x",
        "update-package-",
        "update-package-etr_1/2",
        "browse-files-etr_1",
        "browse-files-etr_1-p1",
        "browse-files-etr_1-p-1-s15",
        "browse-files-etr_1-p1234567-s15",
        "browse-linked-etr_1",
        "browse-linked-etr_1-pkg-a/../b-p0-s15",
        "browse-linked-etr_1-pkg--p0-s15",
        "seq_1",
        "etr_1 ",
        "etr_",
    ],
)
def test_what_is_no_button_of_it_asks_for_nothing(button):
    assert press(button) is None


def test_buttons_that_are_drawn_here_ask_for_what_they_say():
    assert press(update_button(UUID)) == CanvasRequest(UUID, "cnvs_1")
    for page in (1, 2, 500):
        asked = CanvasRequest("etr_1", "cnvs_1", view=CanvasView(page))
        assert press(page_button(page, "etr_1")) == asked
        asked = CanvasRequest("etr_1", "cnvs_1", view=CanvasView(page, metadata=True))
        assert press(metadata_button(page, "etr_1")) == asked
