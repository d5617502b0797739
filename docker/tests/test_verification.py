import base64
import time
from contextlib import suppress

import pytest
from benchling_sdk.apps.helpers.webhook_helpers import WebhookVerificationError, verify
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWK, JWKSet

from src.webhook.keys import verifying_keys
from src.webhook.verification import (
    MAX_SIGNATURES,
    TOLERANCE_SECONDS,
    VerificationError,
    read_headers,
    verify_webhook,
)

BODY = b'{"message": {"type": "v2.entry.created"}}'
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def check(headers, keys, body=BODY, now=None):
    signed = read_headers(headers, time.time() if now is None else now)
    return verify_webhook(body, signed, keys, "appdef_1")


def test_a_signed_body_gives_its_webhook_id(signer):
    assert check(signer.headers(BODY, "wh_7"), signer.keys) == "wh_7"


def test_one_of_several_signatures_is_enough(signer, stranger):
    headers = signer.headers(BODY)
    other = stranger.headers(BODY)["webhook-signature"]
    good = headers["webhook-signature"]
    for malformed in ("v1,AAAA", "v1der", "v1der,", "v1der,a,b", "v1der,AAA=AAAAAAAA", "é", ""):
        headers["webhook-signature"] = f"{other} {malformed} {good}"
        check(headers, signer.keys)


def well_formed(number):
    """A signature that looks like one: two numbers of a digit, in DER."""
    return "v1der," + base64.b64encode(bytes([48, 8, 2, 2, 1, number, 2, 2, 1, number])).decode()


def test_more_signatures_than_benchling_sends_are_none(signer):
    headers = signer.headers(BODY)
    good = headers["webhook-signature"]
    few = " ".join(well_formed(number) for number in range(MAX_SIGNATURES - 1))
    headers["webhook-signature"] = f"{few} {good} {good}"
    check(headers, signer.keys)
    headers["webhook-signature"] = f"{few} {well_formed(99)} {good}"
    with pytest.raises(VerificationError, match="more than 5"):
        check(headers, signer.keys)


def cpu(signature, body, keys):
    """The least of several times that an unsigned call takes, in seconds of the CPU."""
    headers = {"webhook-id": "wh_1", "webhook-timestamp": str(int(time.time()))}
    took = []
    for _ in range(20):
        began = time.thread_time()
        with suppress(VerificationError):
            check({**headers, "webhook-signature": signature}, keys, body)
        took.append(time.thread_time() - began)
    return min(took)


@pytest.mark.parametrize("number", [1, 8])
@pytest.mark.parametrize("body", [BODY, b"x" * 1_000_000], ids=len)
def test_an_unsigned_call_costs_little_whatever_it_brings(number, body):
    keys = JWKSet()
    for _ in range(number):
        keys.add(JWK.generate(kty="EC", crv="P-256"))
    keys = verifying_keys(keys)
    tiny = " ".join(well_formed(digit % 256) for digit in range(520))
    most = " ".join(well_formed(digit) for digit in range(MAX_SIGNATURES))
    assert cpu(tiny, body, keys) < 0.001
    # A call that is signed by Benchling costs about 2 ms; this is 40 checks at most.
    assert cpu(most, body, keys) < 0.015


SIGNATURES = st.lists(
    st.sampled_from(["good", "stranger's", "malformed", "another version"]), max_size=3
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=SIGNATURES, body=st.text(max_size=20), version=st.sampled_from(["v1der", "v2der"]))
def test_what_the_sdk_accepts_is_accepted_and_nothing_else(signer, stranger, kinds, body, version):
    """The SDK refuses a header for one malformed signature; apart from that both agree."""
    content = body.encode()
    headers = signer.headers(content)
    made = {
        "good": headers["webhook-signature"].replace("v1der", version),
        "stranger's": stranger.headers(content)["webhook-signature"],
        "malformed": "v1der,AAAA",
        "another version": "v1,AAAA",
    }
    headers["webhook-signature"] = " ".join(made[kind] for kind in kinds) or "v1,AAAA"
    try:
        verify("appdef_1", body, headers, lambda _: signer.jwks)
        accepted = True
    except (WebhookVerificationError, ValueError):
        accepted = False
    try:
        ours = bool(check(headers, signer.keys, content))
    except VerificationError:
        ours = False
    assert ours == accepted == ("good" in kinds)


def test_one_of_several_keys_is_enough(signer, stranger):
    check(signer.headers(BODY), (*stranger.keys, *signer.keys))


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
