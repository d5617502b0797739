"""The service's version, which canvases show."""

# Also in pyproject.toml and webhook/openapi.json, which a test compares.
VERSION = "0.1.0"
