"""The Benchling webhook service."""
