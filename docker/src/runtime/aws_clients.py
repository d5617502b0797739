"""Clients of AWS for the web service, which never loads boto3's file transfers."""

from __future__ import annotations

from functools import cache
from threading import Lock

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config

# A session makes one client at a time.
_making = Lock()


def aws_client(service: str, region: str, config: Config) -> BaseClient:
    """Return a client of a service; an empty region is what the environment says."""
    with _making:
        return _session().create_client(service, region_name=region or None, config=config)


@cache
def _session() -> botocore.session.Session:
    """Return the one session: each would load the service descriptions anew."""
    return botocore.session.get_session()
