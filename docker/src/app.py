"""The web service's process: it answers health checks while it loads the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

import structlog
from flask import Flask

from .health import health_app
from .logs import configure_logs
from .routes.health import LIVENESS
from .server import serve, stay_on_one_cpu
from .settings import Settings, SettingsError, read_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger()


class Front:
    """Answers whether the process lives at once, and all else when the application is loaded.

    Benchling's and AWS's libraries are more than half of the start.
    """

    def __init__(self, live: Flask, load: Callable[[], Flask]) -> None:
        """Take what answers until there is an application, and what returns that."""
        self._live = live
        self._load = load
        self._loaded: Future[Flask] = Future()

    def load(self) -> None:
        """Load the application; a process that can't have it ends."""
        try:
            self._loaded.set_result(self._load())
        except BaseException:
            log.critical("not loaded", exc_info=True)
            os._exit(1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        early = environ["PATH_INFO"] in LIVENESS and not self._loaded.done()
        app = self._live if early else self._loaded.result()
        return app(environ, start_response)


def load(settings: Settings) -> Flask:
    """Return the application, whose modules take long to load."""
    from .web import create_app  # noqa: PLC0415

    return create_app(settings)


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
    stay_on_one_cpu()
    front = Front(health_app(settings, list), lambda: load(settings))
    loader = Thread(target=front.load, name="loader", daemon=True)
    # Loading begins when the server listens: it would hold that up.
    serve(front, settings.port, settings.stop_timeout_seconds, listening=loader.start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
