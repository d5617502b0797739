"""The service's description in OpenAPI 3.1."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response

DOCUMENT = Path(__file__).parent.with_name("openapi.json")


def openapi_routes() -> Blueprint:
    """Return the route of the document, which is read once."""
    routes = Blueprint("openapi", __name__)
    document = DOCUMENT.read_bytes()

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return Response(document, mimetype="application/json")

    return routes
