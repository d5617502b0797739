import base64
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWKSet

from src.verification import TOLERANCE_SECONDS, VerificationError, verify_webhook

BODY = b'{"message": {"type": "v2.entry.created"}}'
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def check(headers, keys, body=BODY, now=None):
    return verify_webhook(body, headers, keys, "appdef_1", time.time() if now is None else now)


def test_a_signed_body_gives_its_webhook_id(signer):
    assert check(signer.headers(BODY, "wh_7"), signer.keys) == "wh_7"


def test_one_of_several_signatures_is_enough(signer, stranger):
    headers = signer.headers(BODY)
    other = stranger.headers(BODY)["webhook-signature"]
    headers["webhook-signature"] = f"{other} v1,AAAA {headers['webhook-signature']}"
    check(headers, signer.keys)


def test_one_of_several_keys_is_enough(signer, stranger):
    keys = JWKSet()
    for key in (*stranger.keys, *signer.keys):
        keys.add(key)
    check(signer.headers(BODY), keys)


@pytest.mark.parametrize("missing", HEADERS)
def test_a_missing_header_is_named(signer, missing):
    headers = signer.headers(BODY)
    del headers[missing]
    with pytest.raises(VerificationError, match=missing):
        check(headers, signer.keys)


@pytest.mark.parametrize("offset", [-TOLERANCE_SECONDS - 2, TOLERANCE_SECONDS + 2])
def test_a_time_outside_the_tolerance_is_refused_in_both_directions(signer, offset):
    headers = signer.headers(BODY, now=time.time() + offset)
    with pytest.raises(VerificationError, match="tolerance"):
        check(headers, signer.keys)


def test_the_clock_is_the_callers(signer):
    with pytest.raises(VerificationError, match="tolerance"):
        check(signer.headers(BODY), signer.keys, now=time.time() + 2 * TOLERANCE_SECONDS)


def test_another_key_body_or_id_is_refused(signer, stranger):
    headers = signer.headers(BODY)
    for given_headers, body in (
        (stranger.headers(BODY), BODY),
        (headers, BODY + b" "),
        ({**headers, "webhook-id": "wh_2"}, BODY),
    ):
        with pytest.raises(VerificationError, match="no signature matches"):
            check(given_headers, signer.keys, body)


def test_a_body_that_is_not_text_is_refused(signer):
    with pytest.raises(VerificationError):
        check(signer.headers(BODY), signer.keys, b"\xff\xfe")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(HEADERS),
    value=st.one_of(
        st.text(max_size=60),
        st.sampled_from(["1e3", "-1", "٣", "9" * 400, "v1der", "v1der,,", "v1der,=", ",", "é"]),
        st.binary(max_size=80).map(lambda b: "v1der," + base64.b64encode(b).decode()),
    ),
)
def test_a_malformed_header_has_one_kind_of_error(signer, name, value):
    headers = signer.headers(BODY)
    if value == headers[name]:
        return
    with pytest.raises(VerificationError):
        check({**headers, name: value}, signer.keys)
