"""The emulated AWS of the tests that are in this process, without what these don't need.

moto is written for a few calls of any service; here are thousands of a few services.
What is replaced returns the same as before, only sooner.
"""

from functools import cache, lru_cache
from urllib.parse import urlparse

import boto3
import botocore
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp
from moto import backend_index
from moto.core import DEFAULT_ACCOUNT_ID, models
from moto.core import responses as moto_responses
from moto.core.base_backend import BaseBackend
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs import models as sqs_models

from src.store.fast_put import use_fast_put

REGION = "us-east-1"
SERVICES = ("sqs", "dynamodb", "s3")
TABLE = {
    "TableName": "claims",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}

_urls_of = BaseBackend.urls.fget


@cache
def _urls(kind: type[BaseBackend], region: str) -> dict[str, object]:
    return _urls_of(kind(region, DEFAULT_ACCOUNT_ID))


# moto makes this table anew for each call of an emulated service.
BaseBackend.urls = property(lambda backend: _urls(type(backend), backend.region_name))
# It looks for a request's service in this order.
backend_index.backend_url_patterns.sort(key=lambda it: it[0] not in SERVICES)
# For each test it would patch the library requests, which nothing here uses.
models.RESPONSES_METHODS.clear()
for module in (moto_responses, sqs_models):
    module.camelcase_to_underscores = cache(module.camelcase_to_underscores)
moto_responses.method_names_from_class = cache(moto_responses.method_names_from_class)


@cache
def aws_client(name: str) -> object:
    """A client of an emulated service; to make one takes longer than most tests."""
    client = _session().client(
        name,
        REGION,
        aws_access_key_id="for-the-emulator",
        aws_secret_access_key="for-the-emulator",
        # The emulator reads signatures of S3's requests alone. botocore's own user agent is
        # put together twice for each call.
        config=Config(
            user_agent="tests", signature_version=None if name == "s3" else botocore.UNSIGNED
        ),
    )
    if name == "s3":
        use_fast_put(client)
    return client


@cache
def _session() -> boto3.Session:
    session = botocore.session.get_session()
    # A list of objects has the same few times again and again.
    parsers = session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=lru_cache(parse_timestamp))
    return boto3.Session(botocore_session=session)


# What is there before a test is made by the emulator's own functions: no client calls them.


def create_queue(name: str) -> str:
    """Make a queue, FIFO if its name says so; return its URL."""
    attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    queue = sqs_models.sqs_backends[DEFAULT_ACCOUNT_ID][REGION].create_queue(name, **attributes)
    return queue.url(urlparse(f"https://sqs.{REGION}.amazonaws.com"))


def create_bucket(name: str) -> None:
    """Make a bucket that keeps versions."""
    s3 = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    s3.create_bucket(name, REGION)
    s3.put_bucket_versioning(name, "Enabled")


def create_table() -> None:
    """Make the table of claims, as TABLE describes it."""
    dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].create_table(
        TABLE["TableName"],
        schema=TABLE["KeySchema"],
        throughput=None,
        attr=TABLE["AttributeDefinitions"],
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode=TABLE["BillingMode"],
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


def stored_objects(bucket: str, prefix: str) -> dict[str, bytes]:
    """Return the content of each object below a prefix, by its key."""
    s3 = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    found, *_ = s3.list_objects(s3.get_bucket(bucket), prefix, None, None, None)
    return {it.name: it.value for it in sorted(found, key=lambda it: it.name)}
