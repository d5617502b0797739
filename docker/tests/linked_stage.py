"""A stage where nothing is exported, put together as the worker does it."""

import json
from dataclasses import replace

from src import handlers
from src.queues.consumer import Consumer
from src.queues.package_name import PackageName
from src.runtime.metrics import Metrics
from src.runtime.settings import WORKER_REQUIRED, read_settings

from .conftest import SECRET
from .emulator import REGION


class Search:
    """A search in memory, which notes what it is asked for."""

    def __init__(self):
        self.asked, self.found = [], [PackageName("lab/b", "acme-raw")]

    def start(self, value):
        self.asked.append(value)
        return "q"

    def result(self, _):
        return self.found

    def stop(self, _):
        pass


def environment(stage):
    secret = {**SECRET, "base_url": stage.server.address}
    return {
        "PORT": "5000",
        "AWS_REGION": REGION,
        "INTAKE_QUEUE_URL": stage.urls["intake.fifo"],
        "CANVAS_QUEUE_URL": stage.urls["canvas.fifo"],
        "DEAD_LETTER_QUEUE_URL": stage.urls["dead-letters.fifo"],
        "CLAIMS_TABLE": "claims",
        "BENCHLING_SECRET": json.dumps(secret),
        "QUILT_CATALOG": "quilt.example.com",
        "QUILT_ATHENA_DATABASE": "lake",
        "LINKED_BUCKETS": "acme-raw,acme-more",
        "EXPORT_ENTRIES": "false",
        "EXPORT_INTERVAL_SECONDS": "0",
        "RETRY_SECONDS": "1",
    }


def without_exports(stage):
    """Give a stage the mode's handlers; ``calls`` notes what is asked of S3."""
    stage.settings = settings = read_settings(environment(stage), WORKER_REQUIRED)
    assert settings.problems == ()
    stage.search, stage.calls = Search(), []
    stores = replace(handlers.build_stores(settings, Metrics("")), search=stage.search)
    stores.s3.meta.events.register(
        "before-call.s3", lambda model, **_: stage.calls.append(model.name)
    )
    stage.stores = replace(stores, give_back=stage.give_back)
    work_by(stage, settings)
    stage.server.canvases["cnvs_1"] = "etr_1"


def work_by(stage, settings):
    """Have a stage work by other settings."""
    done = handlers.build_handlers(settings, stage.stores)
    stage.exports = Consumer(stage.intake, done.export, 60, stage.dead_letters)
    stage.canvases = Consumer(stage.canvas_queue, done.canvas, 6, stage.dead_letters)
    stage.work = done.export.__self__._work
