"""What `make bench-service` compares with: Flask's development server.

It verifies each call with keys that it fetches for that call, and acknowledges
at once, before anything is kept. Its one collaborator is the JWKS address.
"""

import os

import httpx
from benchling_sdk.apps.helpers.webhook_helpers import (
    WebhookVerificationError,
    jwks_by_app_definition,
    verify,
)
from flask import Flask, jsonify, request

app = Flask(__name__)


def keys(app_definition_id):
    with httpx.Client() as client:
        return jwks_by_app_definition(app_definition_id, client, lambda _: os.environ["JWKS_URL"])


@app.get("/health")
def health():
    return jsonify(status="healthy")


@app.post("/event")
def event():
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        verify(os.environ["APP_DEFINITION_ID"], request.get_data(as_text=True), headers, keys)
    except WebhookVerificationError:
        return jsonify(error="unverified"), 401
    return jsonify(status="accepted")


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
