"""The document describes what the service does, and no input makes it do else."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from src.webhook.routes.openapi import DOCUMENT
from src.webhook.webhook_types import WEBHOOK_TYPES

pytestmark = pytest.mark.slow

OPENAPI = json.loads(DOCUMENT.read_text())
CALLS = [(path, method) for path, item in OPENAPI["paths"].items() for method in item]
HOOKS = [path for path, method in CALLS if method == "post"]
KINDS = sorted(WEBHOOK_TYPES)
# No response may take longer, whatever came in.
SECONDS = 2.0
LIMITS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

ids = st.one_of(st.just("etr_1"), st.just("page-1:etr_1"), st.text(max_size=20), st.none())
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS) | st.text(max_size=20) | values},
    optional=dict.fromkeys(("resourceId", "canvasId", "featureId", "buttonId"), ids | values),
)
bodies = st.one_of(
    st.binary(max_size=200),
    values.map(lambda value: json.dumps(value).encode()),
    messages.map(lambda message: json.dumps({"message": message}).encode()),
)
header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80)


def check(client, path, method, **given):
    began = time.monotonic()
    response = client.open(path, method=method.upper(), **given)
    assert time.monotonic() - began < SECONDS
    assert response.status_code < 500
    described = OPENAPI["paths"][path][method]["responses"]
    assert str(response.status_code) in described
    content = described[str(response.status_code)]["content"]["application/json"]
    schema = {**content["schema"], "components": OPENAPI["components"]}
    Draft202012Validator(schema).validate(response.json)
    return response


def test_the_document_is_valid():
    validate(OPENAPI)


def test_it_is_served_and_describes_every_route(client):
    served = check(client, "/openapi.json", "get")
    assert served.json == OPENAPI
    routes = {
        (rule.rule, method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == set(CALLS)


@pytest.mark.parametrize("path", [path for path, method in CALLS if method == "get"])
def test_probes_respond_as_described(client, path):
    assert check(client, path, "get").status_code == 200


@pytest.mark.parametrize("path", HOOKS)
@LIMITS
@given(body=bodies, number=st.integers())
def test_signed_bodies_get_described_responses(client, signer, path, body, number):
    webhook_id = f"wh_{number}"[:100]
    check(client, path, "post", data=body, headers=signer.headers(body, webhook_id))


@pytest.mark.parametrize("path", HOOKS)
@LIMITS
@given(
    body=bodies,
    headers=st.fixed_dictionaries(
        {},
        optional={
            "webhook-id": header_text,
            "webhook-timestamp": header_text | st.just("now") | st.integers().map(str),
            "webhook-signature": header_text | header_text.map(lambda text: f"v1der,{text}"),
        },
    ),
)
def test_every_unsigned_request_gets_the_same_401(client, path, body, headers):
    if headers.get("webhook-timestamp") == "now":
        headers["webhook-timestamp"] = str(int(time.time()))
    response = check(client, path, "post", data=body, headers=headers)
    assert (response.status_code, response.json["error"]) == (401, "unverified")


@LIMITS
@given(path=st.text(max_size=40), method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]))
def test_unknown_route_is_4xx_in_json(client, path, method):
    response = client.open("/x/" + path.replace("?", "_"), method=method)
    assert response.status_code in (308, 404, 405)
    assert response.json["error"]
