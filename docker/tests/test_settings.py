import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from src.runtime.secret import Secret
from src.runtime.settings import Settings, SettingsError, read_settings
from src.webhook.application import Dependencies, build_dependencies, create_app
from src.webhook.keys import KeyProvider

from .conftest import SECRET

ENVIRONMENT = {
    "PORT": "5000",
    "AWS_REGION": "eu-west-1",
    "INTAKE_QUEUE_URL": "http://127.0.0.1/q.fifo",
    "CANVAS_QUEUE_URL": "http://127.0.0.1/c.fifo",
    "PACKAGE_BUCKET": "packages",
    "BENCHLING_SECRET": json.dumps(SECRET),
}


def test_everything_set_is_ready():
    settings = read_settings(ENVIRONMENT)
    assert settings.problems == ()
    assert settings.secret.base_url == "https://acme.benchling.com"
    assert (settings.package_prefix, settings.log_level) == ("benchling", "INFO")
    assert (settings.stop_timeout_seconds, settings.shutdown_delay_seconds) == (30, 0)


def test_the_secret_overrides_the_environment():
    secret = {**SECRET, "log_level": "debug", "base_url": "https://b"}
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": json.dumps(secret)})
    assert settings.log_level == "DEBUG"
    assert settings.secret.base_url == "https://b"


@pytest.mark.parametrize(
    "tenant",
    [
        "acme",
        " acme ",
        "ACME",
        "acme.benchling.com",
        "https://acme.benchling.com",
        "https://acme.benchling.com/",
        "http://Acme.Benchling.com/acme/f/lib_1?x=y#z",
        "acme.benchling.com.",
        "https://acme.benchling.com:443/",
    ],
)
def test_a_tenant_is_taken_as_people_write_it(tenant):
    secret = json.dumps({**SECRET, "tenant": tenant})
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret})
    assert settings.problems == ()
    assert (settings.secret.tenant, settings.secret.base_url) == (
        "acme",
        "https://acme.benchling.com",
    )


@pytest.mark.parametrize(
    "tenant",
    ["a b", "https://", "acme.example.com", "-acme", "a/../b.", "benchling.com", "é", "x" * 64],
)
def test_a_tenant_that_cannot_be_meant_is_refused(tenant):
    secret = json.dumps({**SECRET, "tenant": tenant})
    (problem,) = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret}).problems
    assert "tenant is no tenant: write what stands before .benchling.com" in problem


def test_the_stack_alone_decides_the_prefix():
    def problems(**more):
        secret = json.dumps({**SECRET, **more})
        return read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret}).problems

    assert problems(package_prefix="benchling") == ()
    (problem,) = problems(package_prefix="lab")
    assert "set packagePrefix in cdk.json" in problem


def test_the_workflow_is_the_registrys_none_or_named():
    assert read_settings(ENVIRONMENT).workflow is None
    assert read_settings({**ENVIRONMENT, "QUILT_WORKFLOW": ""}).workflow == ""
    assert read_settings({**ENVIRONMENT, "QUILT_WORKFLOW": "alpha"}).workflow == "alpha"


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("{}", "BENCHLING_SECRET has no tenant"),
        ("", "BENCHLING_SECRET has no client_secret"),
        ("{", "BENCHLING_SECRET is not JSON"),
        ("[]", "BENCHLING_SECRET is not a JSON object"),
        (json.dumps({**SECRET, "client_id": 7}), "client_id is not text"),
    ],
)
def test_an_unfinished_secret_keeps_the_service_from_being_ready(secret, problem):
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret})
    assert any(problem in found for found in settings.problems)


def test_what_the_stack_would_set_is_missed_by_name():
    problems = read_settings({"PORT": "5000"}).problems
    for name in ("AWS_REGION", "INTAKE_QUEUE_URL", "CANVAS_QUEUE_URL"):
        assert any(found.startswith(f"{name} is not set") for found in problems)


def test_all_invalid_values_are_reported_at_once():
    with pytest.raises(SettingsError) as caught:
        read_settings({"PORT": "70000", "LOG_LEVEL": "loud", "STOP_TIMEOUT_SECONDS": "-1"})
    assert str(caught.value).splitlines() == [
        "PORT '70000': not a whole number from 1 to 65535: set one",
        "LOG_LEVEL 'LOUD': no such level: use one of DEBUG, INFO, WARNING, ERROR",
        "STOP_TIMEOUT_SECONDS '-1': not a whole number from 2 to 120: set one",
    ]


def test_what_ecs_and_the_stack_say_of_the_task_is_taken():
    agent = "http://169.254.170.2/api/c7acba12bb1d47b2"
    door = "https://a1b2.execute-api.eu-west-1.amazonaws.com/health"
    more = {"ECS_AGENT_URI": agent, "FRONT_DOOR_URL": door, "SERVICE_NAME": "worker"}
    settings = read_settings({**ENVIRONMENT, **more, "QUILT_CONNECTED": "false"})
    assert (settings.ecs_agent_uri, settings.front_door_url) == (agent, door)
    assert (settings.service_name, settings.quilt_connected) == ("worker", False)
    assert read_settings(ENVIRONMENT).quilt_connected


def test_a_shutdown_delay_ends_before_the_stop_timeout():
    environment = {**ENVIRONMENT, "STOP_TIMEOUT_SECONDS": "20"}
    settings = read_settings({**environment, "SHUTDOWN_DELAY_SECONDS": "19"})
    assert settings.shutdown_delay_seconds == 19
    with pytest.raises(SettingsError, match="SHUTDOWN_DELAY_SECONDS '20': not below STOP_TIMEOUT"):
        read_settings({**environment, "SHUTDOWN_DELAY_SECONDS": "20"})


def test_a_wrong_level_in_the_secret_is_not_fatal_and_not_shown():
    secret = json.dumps({**SECRET, "log_level": "private"})
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret})
    assert settings.log_level == "INFO"
    assert settings.problems == (
        "BENCHLING_SECRET: log_level is no level: use one of DEBUG, INFO, WARNING, ERROR",
    )


def test_secrets_are_masked():
    settings = read_settings(ENVIRONMENT)
    shown = json.dumps(settings.masked()) + repr(settings)
    assert SECRET["client_secret"] not in shown
    assert settings.masked()["client_id"] == "***"


def problems_of(text):
    return read_settings({**ENVIRONMENT, "BENCHLING_SECRET": text}).problems


def problems_with(**values):
    return problems_of(json.dumps({**SECRET, **values}))


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("file:///etc/passwd", "https://"),
        ("ftp://b.example.com", "https://"),
        ("b.example.com", "https://"),
        ("//b.example.com", "https://"),
        ("http://b.example.com", "write https://"),
        ("http://8.8.8.8", "write https://"),
        ("http://169.254.169.254", "write https://"),
        ("http://0.0.0.0", "write https://"),
        ("http://localhost.example.com", "write https://"),
        ("https://", "no host"),
        ("https://:443", "no host"),
        ("https://b.example.com:", "no host"),
        ("https:///x", "no host"),
        ("https://user:hunter2hunter2@b.example.com", "before the @"),
        ("https://hunter2hunter2@b.example.com", "before the @"),
        ("https://b.example.com:0", "port"),
        ("https://b.example.com:65536", "port"),
        ("https://b.example.com:99999999999999999999", "port"),
        ("https://b.example.com:x", "no host"),
        ("https://b .example.com", "a character that no URL has"),
        ("https://b.example.com\r\nHost: x", "a character that no URL has"),
        ("https://b.example.com\t", ""),
        ("https://b\\.example.com", "a character that no URL has"),
        ("https://bücher.example.com", "a character that no URL has"),
        ("https://\ud800.example.com", "a character that no URL has"),
        ("https://xn--\u00fc.example.com", "a character that no URL has"),
        ("https://xn--a-ecp.ru-\x00", "a character that no URL has"),
        ("https://xn--0.example.com", "host"),
        ("https://-b.example.com", "host"),
        ("https://b..example.com", "host"),
        ("https://%62.example.com", "host"),
        (f"https://{'b' * 64}.example.com", "host"),
        ("https://" + "b." * 200 + "com", "host"),
        ("https://1.2.3", "host"),
        ("https://1.2.3.400", "host"),
        ("https://[::1", "no host"),
        ("https://[::1]b.example.com", "no host"),
        ("https://[b]", ""),
        ("https://[1.2.3.4]", ""),
        ("https://b.example.com#x", "#"),
        ("https://b.example.com#", "#"),
        ("https://" + "b" * 3000, ""),
    ],
)
@pytest.mark.parametrize("name", ["base_url", "jwks_url"])
def test_an_address_that_cannot_be_used_is_a_problem_with_its_remedy(name, address, remedy):
    found = problems_with(**{name: address})
    if address == address.strip() + "\t":
        # What surrounds a value is the paste's.
        assert found == ()
        return
    (problem,) = found
    assert problem.startswith(f"BENCHLING_SECRET: {name} is no address to use: ")
    assert remedy in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "address",
    [
        "https://b.example.com",
        "https://b.example.com:8443",
        "https://xn--bcher-kva.example.com",
        "https://8.8.8.8",
        "https://[2001:db8::1]:8443",
        "http://127.0.0.1:9",
        "http://localhost:9",
        "http://10.1.2.3",
        "http://172.17.0.1:5001",
        "http://192.168.0.1",
        "http://[::1]:9",
        "http://[fd00::1]",
    ],
)
def test_an_address_that_can_be_used_is_taken(address):
    for given_address in (address, address + "/", f" {address}\n"):
        secret = json.dumps({**SECRET, "base_url": given_address, "jwks_url": f"{address}/k?a=b"})
        settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret})
        assert settings.problems == ()
        assert settings.secret.base_url == address
        assert settings.secret.jwks_url == f"{address}/k?a=b"
        assert settings.masked()["jwks_url"] == f"{address}/k"


@pytest.mark.parametrize("more", ["/acme", "?x=y", "/?x=y", "?"])
def test_a_base_url_ends_after_its_host(more):
    (problem,) = problems_with(base_url="https://b.example.com" + more)
    assert "end it after the host" in problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("app_definition_id", "appdef 1"),
        ("app_definition_id", "../../x"),
        ("app_definition_id", "appdef_1/x"),
        ("app_definition_id", "appdef_1?x"),
        ("app_definition_id", "appdef\n1"),
        ("app_definition_id", ".."),
        ("app_definition_id", "é"),
        ("client_id", "an id"),
        ("client_id", "id\x00"),
        ("client_id", "\ud800"),
        ("client_secret", "a\r\nb"),
        ("client_secret", "ü"),
        ("client_secret", "x" * 2000),
    ],
)
def test_an_id_or_secret_that_none_is_is_a_problem(name, value):
    (problem,) = problems_with(**{name: value})
    assert problem.startswith(f"BENCHLING_SECRET: {name} ")
    assert "copy it from the app's page" in problem
    assert value not in problem


WHOLE = json.dumps(SECRET)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("\ufeff" + WHOLE, "begins with a byte order mark: save the secret without one"),
        (WHOLE[:-1] + ",}", "no comma after the last"),
        (WHOLE.replace('"', "'"), "in double quotes"),
        (WHOLE[:-1] + ', "tenant": "b"}', "has tenant more than once"),
        (WHOLE[:-1] + ', "base_url": null}', "base_url is not text: quote its value"),
        (WHOLE.replace('"acme"', "7"), "tenant is not text: quote its value"),
        (WHOLE.replace('"acme"', "null"), "tenant is not text: quote its value"),
        (WHOLE.replace('"acme"', '["acme"]'), "tenant is not text: quote its value"),
        (WHOLE.replace('"acme"', "9" * 5000), "is not JSON that can be read"),
        (WHOLE.replace('"acme"', "NaN"), "tenant is not text"),
        (WHOLE.replace('"acme"', '"\\ud800"'), "tenant is no tenant"),
        ("[" * 100_000, "is not JSON that can be read"),
        ('{"a":' * 100_000, "is not JSON that can be read"),
        ("null", "is not a JSON object"),
        ('"client-secret-that-stays-here"', "is not a JSON object"),
        ("client-secret-that-stays-here", "is not JSON (line 1, column 1"),
        ("\udcff", "is not JSON"),
    ],
)
def test_a_secret_that_cannot_be_read_says_why(text, problem):
    (found,) = problems_of(text)
    assert found.startswith("BENCHLING_SECRET")
    assert problem in found
    assert "stays-here" not in found


PRIVATE = st.text(min_size=12).map(lambda text: f"hunter2{text}")
PASTED = "the secret, pasted where it doesn't belong"
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [*SECRET, "base_url", "jwks_url", "log_level", "package_prefix", "user", "HOME"]
)


@given(st.text(st.characters()) | ANY_JSON.map(json.dumps))
@example("\udcff")
@example("[" * 100_000)
def test_any_text_is_settings(text):
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": text})
    assert settings.problems
    assert json.dumps(settings.masked())


@given(st.dictionaries(NAMES, ANY_JSON | st.just(PASTED)), PRIVATE)
@example({"tenant": PASTED}, "hunter2000000000000")
@example({"tenant": PASTED}, "HUNTER2000000000000")
@example({"jwks_url": PASTED}, "https://hunter2.example.com/")
def test_no_client_secret_is_shown_whatever_else_is_wrong(values, private):
    values = {name: private if value == PASTED else value for name, value in values.items()}
    text = json.dumps({**SECRET, **values, "client_secret": private})
    for secret in (text, text[:-1], text + "x", text.replace('"}', "}")):
        settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret})
        shown = [*settings.problems, json.dumps(settings.masked()), repr(settings)]
        assert not any(private.strip().lower() in it.lower() for it in shown)


ADDRESSES = st.from_regex(r"(https?|ftp)://[a-z0-9.:@\[\]%#?/_-]*", fullmatch=True)


@given(ADDRESSES)
def test_an_address_without_problem_is_one_for_the_client_too(address):
    import httpx  # noqa: PLC0415

    settings = read_settings(
        {**ENVIRONMENT, "BENCHLING_SECRET": json.dumps({**SECRET, "base_url": address})}
    )
    if not settings.problems:
        url = httpx.URL(settings.secret.base_url)
        assert url.host
        assert not url.userinfo
        assert url.scheme in ("https", "http")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_REGION", "us east 1"),
        ("AWS_REGION", "../x"),
        ("AWS_REGION", "12"),
        ("AWS_REGION", "us-east-1\n"),
        ("INTAKE_QUEUE_URL", "intake.fifo"),
        ("INTAKE_QUEUE_URL", "arn:aws:sqs:us-east-1:1:intake.fifo"),
        ("CANVAS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/"),
        ("CANVAS_QUEUE_URL", "https://user:hunter2@sqs.example.com/1/q.fifo"),
        ("DEAD_LETTER_QUEUE_URL", "file:///q.fifo"),
        ("REVISION_QUEUE_URL", "https://sqs.example.com/1/q.fifo/../x y"),
        ("PACKAGING_QUEUE_URL", "https://sqs.example.com/1/a.b"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:4566"),
        ("PACKAGE_BUCKET", "Packages"),
        ("PACKAGE_BUCKET", "s3://packages"),
        ("PACKAGE_BUCKET", "a..b"),
        ("PACKAGE_BUCKET", "pa"),
        ("PACKAGE_PREFIX", "../x"),
        ("PACKAGE_PREFIX", "a/b"),
        ("PACKAGE_PREFIX", "p" * 101),
        ("CLAIMS_TABLE", "http://127.0.0.1/q"),
        ("QUILT_CATALOG", "https://open.quiltdata.com"),
        ("QUILT_CATALOG", "open quilt"),
    ],
)
def test_invalid_setting_of_the_stack_is_reported(name, value):
    with pytest.raises(SettingsError) as caught:
        read_settings({**ENVIRONMENT, name: value})
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{name}")
    assert line.count(": ") >= 2
    assert "hunter2" not in line


def test_a_long_wrong_value_is_shown_in_part():
    with pytest.raises(SettingsError) as caught:
        read_settings({**ENVIRONMENT, "PORT": "5" * 100_000, "AWS_REGION": "x" * 100_000})
    assert len(str(caught.value)) < 500


def test_no_address_is_shown_with_its_credentials_or_query():
    settings = Settings(
        port=5000,
        secret=Secret(
            base_url="https://user:hunter2@b.example.com:8443/x?token=hunter2#hunter2",
            jwks_url="https:user:hunter2@b.example.com",
        ),
        intake_queue_url="https://[hunter2",
    )
    shown = settings.masked()
    assert shown["base_url"] == "https://b.example.com:8443/x"
    assert "hunter2" not in json.dumps(shown)


@pytest.mark.parametrize(
    "text", ["\udcff", "[" * 100_000, "{}", json.dumps({**SECRET, "tenant": 7})]
)
def test_odd_secrets_are_reported_and_raise_nothing(text):
    environment = {**ENVIRONMENT, "BENCHLING_SECRET": text, "STACK_NAME": "\udcff"}
    settings = read_settings(environment)
    client = create_app(lambda: settings, build_dependencies(settings)).test_client()
    ready, config = client.get("/health/ready"), client.get("/config")
    assert (ready.status_code, config.status_code) == (503, 200)
    assert ready.json["reasons"][0].startswith("BENCHLING_SECRET")


def test_crashed_readiness_check_responds_503():
    class Broken:
        def problem(self):
            raise ValueError("https://user:hunter2@sqs.example.com")

    settings = read_settings(ENVIRONMENT)
    broken = Dependencies(KeyProvider(list), Broken(), Broken(), Broken())
    client = create_app(lambda: settings, broken).test_client()
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert "ValueError" in response.json["reasons"][0]
    assert "hunter2" not in response.text
