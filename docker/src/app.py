"""The web service's process: it listens at once, and is healthy when it can take an event."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response

from .runtime.health import LIVENESS, not_ready
from .runtime.logs import configure_logs
from .runtime.memory import release_unused
from .runtime.privileges import give_up_new_privileges
from .runtime.server import StopTimes, serve, stay_on_one_cpu
from .runtime.settings import REQUIRED, Settings, SettingsError, read_settings
from .runtime.tracing import start_tracing, stop_tracing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Of these, one passed check lets the load balancer send events.
STARTING = Response('{"status":"starting"}\n', status=503, mimetype="application/json")

log = structlog.get_logger()


class LazyApp:
    """Responds 503 to health checks until the application is warm; all else waits for it.

    Benchling's and AWS's libraries are more than half of the start.
    """

    def __init__(self, load: Callable[[], tuple[Flask, Callable[[], None]]]) -> None:
        """Take what returns the application, and what warms it up."""
        self._load = load
        self._loaded: Future[Flask] = Future()
        self._is_warm = False

    def load(self) -> None:
        """Load the application and warm it up; a process that can't have it ends."""
        try:
            app, warm_up = self._load()
            self._loaded.set_result(app)
            warm_up()
        except BaseException:
            log.critical("service.load_failed", exc_info=True)
            os._exit(1)
        self._is_warm = True
        # No probe waits for this.
        release_unused()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request."""
        if environ["PATH_INFO"] in LIVENESS and not self._is_warm:
            return STARTING(environ, start_response)
        return self._loaded.result()(environ, start_response)


def load(settings: Settings, environment: Mapping[str, str]) -> tuple[Flask, Callable[[], None]]:
    """Return the application, whose modules take long to load, and what warms it up.

    With settings that aren't whole there is nobody to call: nothing is warmed up
    before the secret is mended.
    """
    from .runtime.heartbeat import Heartbeat  # noqa: PLC0415
    from .runtime.metrics import Metrics  # noqa: PLC0415
    from .runtime.secret_watch import SecretWatch, source_of  # noqa: PLC0415
    from .webhook.application import build_dependencies, create_app  # noqa: PLC0415

    start_tracing(settings)
    dependencies = build_dependencies(settings)
    metrics = Metrics(settings.stack_name, settings.service_name)
    watch = SecretWatch(settings, source_of(settings, environment, REQUIRED), dependencies)
    heartbeat = Heartbeat(metrics, lambda: not_ready(watch.settings(), dependencies.problems))

    def warm_up() -> None:
        heartbeat.watch()
        if not settings.problems:
            dependencies.warm_up()
        watch.watch()

    return create_app(watch.settings, dependencies, watch.warnings, metrics), warm_up


def create_app() -> Flask:
    """Return the application for Flask's own commands, such as ``flask routes``.

    Nothing is fetched for it. Raises NoAppException for invalid settings; missing
    ones make it not ready.
    """
    # Flask's commands have an option for the port.
    try:
        environment = {"PORT": "1", **os.environ}
        return load(read_settings(environment), environment)[0]
    except SettingsError as error:
        from flask.cli import NoAppException  # noqa: PLC0415

        raise NoAppException(str(error)) from None


def main() -> int:
    """Serve with the settings of the environment; return the exit status."""
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    configure_logs(settings.log_level)
    for problem in settings.problems:
        log.info("service.not_ready", reason=problem)
    stay_on_one_cpu()
    lazy_app = LazyApp(lambda: load(settings, os.environ))
    loader = Thread(target=lazy_app.load, name="loader", daemon=True)
    serve(
        lazy_app,
        settings.port,
        StopTimes(settings.stop_timeout_seconds, settings.shutdown_delay_seconds),
        # Loading begins when the server listens: it would hold that up.
        listening=loader.start,
    )
    stop_tracing()
    return 0


if __name__ == "__main__":
    # Not in main(), which tests call: their process would be another one afterwards.
    give_up_new_privileges()
    sys.exit(main())
