"""The web service: wires its parts, and starts them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, cast

import structlog
from botocore.config import Config
from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import HTTPException

from .aws import aws_client
from .calls import Calls, answer_refusals
from .canvas import Canvas, Catalog
from .entries import Entries
from .intake import Intake, queue_client
from .keys import KeyProvider, fetch_jwks
from .logs import configure_logs
from .routes.canvas import canvas_routes
from .routes.health import health_routes
from .routes.openapi import openapi_routes
from .routes.webhooks import webhook_routes
from .server import serve
from .settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

MAX_BODY_BYTES = 1024 * 1024
# A canvas is answered within Benchling's three seconds, with or without these.
CANVAS_CONFIG = Config(
    connect_timeout=0.3,
    read_timeout=0.6,
    retries={"total_max_attempts": 1},
    max_pool_connections=16,
)

log = structlog.get_logger()


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


def health_app(settings: Settings, problem: Callable[[], str]) -> Flask:
    """Return an application that only tells how it is."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.register_blueprint(health_routes(settings, problem))
    app.before_request(_begin)
    app.after_request(_log_answer)
    app.register_error_handler(HTTPException, _answer_error)
    return app


def _begin() -> None:
    g.began = time.monotonic()
    clear_contextvars()
    bind_contextvars(method=request.method, path=request.path)


def _log_answer(response: Response) -> Response:
    # One line a call, with what its route has bound.
    # The probes of container and load balancer would drown everything else.
    write = log.debug if request.path.startswith("/health") else log.info
    write(
        "answered",
        status=response.status_code,
        milliseconds=round((time.monotonic() - g.began) * 1000, 1),
    )
    return response


def _answer_error(error: HTTPException) -> ResponseReturnValue:
    name = error.name.lower().replace(" ", "_")
    return jsonify(error=name, message=error.description), error.code or 500


def main() -> int:
    """Serve with the settings of the environment; return the exit status."""
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    configure_logs(settings.log_level)
    for problem in settings.problems:
        log.info("not ready", reason=problem)
    serve(create_app(settings), settings.port, settings.stop_timeout_seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
