"""The web service's application: every route, and what it works with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from flask import Flask

from .aws import aws_client
from .calls import Calls, answer_refusals
from .canvas import Canvas, Catalog
from .entries import Entries
from .health import health_app
from .intake import Intake, queue_client
from .keys import KeyProvider, fetch_jwks
from .routes.canvas import canvas_routes
from .routes.openapi import openapi_routes
from .routes.webhooks import webhook_routes
from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

# A canvas is answered within Benchling's three seconds, with or without these.
CANVAS_CONFIG = Config(
    connect_timeout=0.3,
    read_timeout=0.6,
    retries={"total_max_attempts": 1},
    max_pool_connections=16,
)


def create_app(
    settings: Settings,
    keys: KeyProvider | None = None,
    intake: Intake | None = None,
    canvas: Canvas | None = None,
) -> Flask:
    """Return the application, with given collaborators or those of the settings."""
    keys = keys or KeyProvider(lambda: fetch_jwks(settings.app_definition_id, settings.jwks_url))
    intake = intake or Intake(
        queue_client(settings.region or "us-east-1"), settings.intake_queue_url
    )
    app = health_app(settings, intake.problem)
    app.register_blueprint(openapi_routes())
    calls = Calls(settings, keys, intake)
    answer_refusals(app)
    app.register_blueprint(webhook_routes(calls))
    app.register_blueprint(canvas_routes(calls, lambda: canvas or _canvas(settings)))
    return app


@cache
def _canvas(settings: Settings) -> Canvas:
    """Return what draws; its clients are a tenth of an idle task's memory."""
    region = settings.region or "us-east-1"
    return Canvas(
        Entries(
            cast("DynamoDBClient", aws_client("dynamodb", region, CANVAS_CONFIG)),
            settings.claims_table,
        ),
        cast("S3Client", aws_client("s3", region, CANVAS_CONFIG)),
        Catalog(settings.package_bucket, settings.quilt_catalog),
    )
