"""What an entry refers to, whatever it holds."""

import time

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings

from src.export.benchling_client import BenchlingClient
from src.export.linked_names import NAMED
from src.export.retry_transport import RetryTransport, UnavailableError
from src.store import references
from src.store.references import links_of

from .benchling_api import ROOT
from .benchling_server import BenchlingServer
from .odd_entries import entries
from .stage import TLS

pytestmark = pytest.mark.slow

WEB = "https://acme.benchling.com/acme/f/lib_1-registry"
any_entry = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def entry_with(*links, **fields):
    return {"id": "etr_1", "days": [{"notes": [{"links": list(links)}]}], "fields": fields}


def link(kind="custom_entity", object_id="bfi_xCUXNVyG", slug="qb-2743-1"):
    return {"type": kind, "id": object_id, "webURL": f"{WEB}/{object_id}-{slug}/edit"}


@any_entry
@given(entries())
@example({"id": "etr_1", "authors": [None], "schema": "text", "fields": [{"type": "x_link"}]})
@example({"id": "etr_1", "days": [None, {"notes": {}}, {"notes": [{"links": "x"}, None]}]})
def test_any_entry_has_links_of_one_form(entry):
    asked = []

    def name_of(kind, object_id):
        asked.append((kind, object_id))
        return f"name of {object_id}"

    links = links_of(entry, name_of)
    assert links == links_of(entry, name_of)
    for found in links:
        assert set(found) == {"type", "id", "name", "slug", "web_url"}
        assert all(value is None or isinstance(value, str) for value in found.values())
        assert found["name"] == (f"name of {found['id']}" if found["id"] else None)
    identities = [it["id"] or it["web_url"] for it in links]
    assert len(identities) == len(set(identities))
    assert len(asked) == 2 * len([it for it in links if it["id"]])


def test_a_link_is_as_quilt_documents_it():
    (found,) = links_of(entry_with(link()), lambda *_: "QB-2743.1")
    web_url = found.pop("web_url")
    assert web_url == f"{WEB}/bfi_xCUXNVyG-qb-2743-1/edit"
    assert found == {
        "type": "custom_entity",
        "id": "bfi_xCUXNVyG",
        "name": "QB-2743.1",
        "slug": "qb-2743-1",
    }


@pytest.mark.parametrize(
    ("object_id", "url", "slug"),
    [
        ("bfi_1", f"{WEB}/bfi_1-qb-2743/edit", "qb-2743"),
        ("bfi_1", f"{WEB}/bfi-1-qb-2743/edit", "qb-2743"),
        ("bfi_1", f"{WEB}/bfi_1/edit", None),
        ("bfi_1", f"{WEB}/bfi_1-/edit", None),
        ("bfi_1", f"{WEB}/bfi_11-other/edit", None),
        ("bfi_1", "", None),
        ("bfi_1", "http://[", None),
        ("", WEB, None),
    ],
)
def test_a_slug_is_what_follows_the_id_in_the_address(object_id, url, slug):
    entry = entry_with({"type": "custom_entity", "id": object_id, "webURL": url})
    assert [it["slug"] for it in links_of(entry, lambda *_: None)] == [slug]


def test_fields_refer_to_what_they_link_and_to_no_file():
    entry = entry_with(
        link(),
        One={"type": "custom_entity_link", "value": "bfi_xCUXNVyG"},
        Many={"type": "dna_sequence_link", "value": ["seq_1", None, "seq_2"]},
        File={"type": "blob_link", "value": "blob_1"},
        Text={"type": "text", "value": "seq_3"},
        Empty={"type": "entry_link", "value": None},
    )
    found = [(it["type"], it["id"]) for it in links_of(entry, lambda *_: None)]
    assert found == [
        ("custom_entity", "bfi_xCUXNVyG"),
        ("dna_sequence", "seq_1"),
        ("dna_sequence", "seq_2"),
    ]


@pytest.mark.parametrize("count", [0, 1, references.MAX_NAMES, references.MAX_NAMES + 50])
def test_so_many_names_are_asked_for_and_no_more(count):
    asked = []
    entry = entry_with(*(link(object_id=f"bfi_{number}") for number in range(count)))
    links = links_of(entry, lambda *it: asked.append(it))
    assert len(links) == count
    assert len(asked) == min(count, references.MAX_NAMES)


class TestNames:
    @pytest.fixture
    def server(self):
        server = BenchlingServer()
        yield server
        server.shutdown()
        server.server_close()

    def client(self, server):
        def wait(_):
            time.sleep(0.001)
            return False

        transport = RetryTransport(httpx.HTTPTransport(TLS), wait, 0.01)
        return BenchlingClient(server.address, "id", "secret", httpx.Client(transport=transport))

    @pytest.mark.parametrize(("kind", "at"), NAMED.items())
    def test_an_object_has_the_name_that_the_api_gives(self, server, kind, at):
        server.names[f"{at[0]}/x_1"] = "QB-2743.1"
        (found,) = links_of(entry_with(link(kind, "x_1")), self.client(server).name_of)
        assert found["name"] == "QB-2743.1"

    @pytest.mark.parametrize("status", [400, 403, 404])
    @pytest.mark.parametrize("kind", ["custom_entity", "entry", "folder", "user"])
    def test_what_the_app_may_not_read_has_no_name(self, server, kind, status):
        server.faults[f"{ROOT}/{NAMED[kind][0]}/x_1"] = [(status, {})]
        (found,) = links_of(entry_with(link(kind, "x_1")), self.client(server).name_of)
        assert (found["id"], found["name"], found["slug"]) == ("x_1", None, "qb-2743-1")

    @pytest.mark.parametrize("kind", NAMED)
    def test_what_is_not_there_has_no_name(self, server, kind):
        (found,) = links_of(entry_with(link(kind, "x_1")), self.client(server).name_of)
        assert found["name"] is None

    @pytest.mark.parametrize("kind", ["batch", "link", "moon"])
    def test_what_has_no_name_is_not_asked_for(self, server, kind):
        (found,) = links_of(entry_with(link(kind)), self.client(server).name_of)
        assert found["name"] is None
        assert server.asked == []

    @pytest.mark.parametrize("object_id", ["..", "a/b", "a?b", "\ud800", "é", "x" * 101])
    def test_what_is_no_id_is_not_asked_for(self, server, object_id):
        entry = entry_with({"type": "custom_entity", "id": object_id})
        (found,) = links_of(entry, self.client(server).name_of)
        assert (found["id"], found["name"]) == (object_id, None)
        assert server.asked == []

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_benchling_that_is_busy_is_no_missing_name(self, server, status):
        server.faults[f"{ROOT}/custom-entities/bfi_xCUXNVyG"] = [(status, {})] * 50
        with pytest.raises(UnavailableError):
            links_of(entry_with(link()), self.client(server).name_of)

    def test_a_name_is_read_once(self, server):
        server.names["custom-entities/bfi_xCUXNVyG"] = "QB-2743.1"
        client = self.client(server)
        for _ in range(3):
            links_of(entry_with(link()), client.name_of)
        assert server.asked.count(f"{ROOT}/custom-entities/bfi_xCUXNVyG") == 1
