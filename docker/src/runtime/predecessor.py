"""What quiltdata's benchling-webhook was configured by, and what becomes of it here.

Each name is taken, or refused with what to use instead; none is dropped in silence.
Source: quiltdata/benchling-webhook 0.18.0, secrets_manager.py, config.py and
fargate-service.ts. internal/migrate tells operators the same; a test compares both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Its levels that are none here, and the nearest that hides no more.
LEVELS = {"CRITICAL": "ERROR"}
YES = ("true", "1", "yes")
NO = ("false", "0", "no")


def _host(text: str) -> str:
    """Return the host of a catalog that may be written as a URL."""
    return text.removeprefix("https://").removeprefix("http://").rstrip("/")


@dataclass(frozen=True)
class FormerName:
    """A field of its secret, or a variable of its container."""

    name: str
    # Why it isn't taken, and what to do; a value that is taken needs none.
    refusal: str = ""
    # Other spellings of the name.
    also: tuple[str, ...] = ()
    # The field or the variable here that has the value.
    taken_as: str = ""
    # The variable by which the stack decides; the value is refused if it is another.
    decided_by: str = ""
    # Whether it is of exports, and is refused where none are made.
    of_exports: bool = False
    # Values in lower case that ask for what is done anyhow; an empty one always does.
    kept: tuple[str, ...] = ()
    clean: Callable[[str], str] = str


def _decided(name: str, setting: str, by: str, *also: str) -> FormerName:
    refusal = (
        f"isn't taken from the secret: set {setting} in cdk.json, deploy,"
        " and remove it from the secret"
    )
    return FormerName(name, refusal, also, decided_by=by, of_exports=True)


SECRET_FIELDS = (
    FormerName("client_id", also=("clientId",), taken_as="client_id"),
    FormerName("client_secret", also=("clientSecret",), taken_as="client_secret"),
    FormerName("app_definition_id", also=("appDefinitionId",), taken_as="app_definition_id"),
    FormerName("api_url", also=("apiUrl",), taken_as="base_url"),
    FormerName("log_level", also=("logLevel",), taken_as="log_level"),
    _decided("pkg_prefix", "packagePrefix", "PACKAGE_PREFIX", "pkgPrefix", "package_prefix"),
    _decided("user_bucket", "packageBucket", "PACKAGE_BUCKET", "userBucket"),
    _decided("queue_url", "packagingQueueArn", "PACKAGING_QUEUE_URL", "queueUrl"),
    FormerName(
        "workflow",
        "isn't what the stack has: set workflow in cdk.json, deploy, and remove it from the secret",
        taken_as="workflow",
        decided_by="QUILT_WORKFLOW",
        of_exports=True,
    ),
    FormerName(
        "pkg_key",
        "isn't taken from the secret: set linkedBy in cdk.json, deploy,"
        " and remove it from the secret",
        ("pkgKey",),
    ),
    FormerName(
        "webhook_allow_list",
        "isn't taken from the secret: set allowedAddresses in cdk.json, deploy,"
        " and remove it from the secret",
        ("webhookAllowList",),
    ),
    FormerName(
        "enable_webhook_verification",
        "is not true: signatures are always verified: remove it from the secret",
        ("enableWebhookVerification",),
        kept=("true", "1"),
    ),
)
_NO_EXPORTS = "is of exports, which exportEntries turns off: remove it from the secret"
_SEARCH = "isn't taken: set {} in cdk.json, deploy, and remove it"
_NO_POLICY = "has no counterpart: the stack gives the rights by quiltDatabase: remove it"
_NO_ROLE = (
    "has no counterpart: let the bucket's policy allow the worker's role, as the output"
    " PackageBucketPolicy says, and remove it"
)
_STOP = "has no counterpart: set STOP_TIMEOUT_SECONDS, and remove it"
_OWN_QUEUE = "isn't taken: two readers would share its messages: set {}, and remove it"
VARIABLES = (
    FormerName("QUILT_WEB_HOST", taken_as="QUILT_CATALOG", clean=_host),
    FormerName("PACKAGER_SQS_URL", taken_as="PACKAGING_QUEUE_URL"),
    FormerName("BENCHLING_SECRETS", taken_as="BENCHLING_SECRET"),
    FormerName("PACKAGING_REQUEST_CONCURRENCY", taken_as="WORKER_CONCURRENCY"),
    FormerName(
        "BenchlingSecret",
        "is a secret's name: set BENCHLING_SECRET to the secret's text, as ECS does by"
        " valueFrom, and remove it",
    ),
    FormerName(
        "ENABLE_WEBHOOK_VERIFICATION",
        "is not true: signatures are always verified: remove it",
        kept=YES,
    ),
    FormerName(
        "BENCHLING_TEST_MODE",
        "is not false: signatures are always verified: remove it",
        kept=NO,
    ),
    FormerName(
        "APP_ENV",
        "is not production: log lines are always JSON: remove it",
        kept=("production",),
    ),
    FormerName("ATHENA_USER_DATABASE", _SEARCH.format("quiltDatabase")),
    FormerName("ATHENA_USER_WORKGROUP", _SEARCH.format("athenaWorkgroup")),
    FormerName("QUILT_DATABASE", _SEARCH.format("quiltDatabase")),
    FormerName("QUILT_ATHENA_USER_POLICY_ARN", _NO_POLICY),
    FormerName("QUILT_WRITE_ROLE_ARN", _NO_ROLE),
    FormerName("QUILT_BUCKET_WRITE_POLICY_ARN", _NO_ROLE),
    FormerName("PACKAGE_EVENT_QUEUE_URL", _OWN_QUEUE.format("REVISION_QUEUE_URL")),
    FormerName("PACKAGING_REQUEST_QUEUE_URL", _OWN_QUEUE.format("INTAKE_QUEUE_URL")),
    FormerName(
        "PACKAGE_EVENT_CONCURRENCY",
        "has no counterpart: one thread takes the events of Quilt: remove it",
    ),
    FormerName("PACKAGE_EVENT_GRACEFUL_TIMEOUT", _STOP),
    FormerName("PACKAGING_REQUEST_GRACEFUL_TIMEOUT", _STOP),
    FormerName(
        "QuiltStackARN",
        "isn't asked: set packagingQueueArn and quiltCatalog in cdk.json, and remove it",
    ),
)


def take_over(
    given: Mapping[str, object], names: tuple[FormerName, ...], environment: Mapping[str, str]
) -> tuple[dict[str, object], list[str]]:
    """Return what is given, under the names used here, and what is refused.

    ``environment`` has what the stack decides. Each refusal has the name, the fault
    and the remedy, and never the value.
    """
    taken = dict(given)
    problems = []
    for former in names:
        decided = environment.get(former.decided_by)
        is_taken = bool(former.taken_as) and decided is None
        for name in (former.name, *former.also):
            text = _text(given.get(name))
            if not text or text.lower() in former.kept:
                continue
            if former.of_exports and environment.get("EXPORT_ENTRIES") == "false":
                problems.append(f"{name} {_NO_EXPORTS}")
                del taken[name]
            elif is_taken:
                value = former.clean(text) if isinstance(given[name], str) else given[name]
                if taken.get(former.taken_as) in (None, ""):
                    taken[former.taken_as] = value
                elif _text(taken[former.taken_as]) != _text(value):
                    problems.append(f"{name} is not {former.taken_as}: leave one of the two")
            elif not former.decided_by or decided not in (None, text):
                problems.append(f"{name} {former.refusal}")
                del taken[name]
    return taken, problems


def _text(value: object) -> str:
    """Return a value as text, for comparisons."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else "neither text nor true nor false"
