"""What each type of Benchling's webhooks means here: the one table of it.

The types are those of the models of benchling_api_client.webhooks; a test holds
the table against them. Benchling adds types, so one that isn't here is
acknowledged without effect, and logged.
"""

from __future__ import annotations

from enum import Enum

from ..queues.canvas_request import CANVAS_CREATED, CANVAS_INITIALIZED, CANVAS_INTERACTED


class Meaning(Enum):
    """What the service does for a webhook."""

    # The entry of resourceId is exported.
    EXPORT = "export"
    # A canvas is drawn, and its entry exported where that is asked for.
    CANVAS = "canvas"
    # The app's own life: acknowledged, for the service keeps nothing of an installation.
    LIFECYCLE = "lifecycle"
    # Nothing of an entry changed: acknowledged without effect.
    IGNORED = "ignored"


_TYPES = {
    Meaning.EXPORT: (
        "v2.entry.created",
        "v2.entry.updated.fields",
        # Review and sign-off.
        "v2.entry.updated.reviewRecord",
        "v2-beta.entry.created",
        "v2-beta.entry.updated.fields",
        "v2-beta.entry.updated.reviewRecord",
        "v3.entry.created",
    ),
    Meaning.CANVAS: (*CANVAS_CREATED, CANVAS_INITIALIZED, CANVAS_INTERACTED),
    Meaning.LIFECYCLE: (
        "v0.app.activateRequested",
        "v0.app.deactivated",
        "v0-beta.app.configuration.updated",
        "v0-beta.lifecycle.activateRequested",
        "v0-beta.lifecycle.deactivated",
        "v2.app.activateRequested",
        "v2.app.deactivated",
        "v2.app.installed",
        "v2-beta.app.configuration.updated",
    ),
    # A package holds an entry as Benchling exports it. What an entry refers to
    # has events of its own, and is packaged with the entry's next export.
    Meaning.IGNORED: (
        "v2.assayRun.created",
        "v2.assayRun.updated.fields",
        "v2.automationFileTransform.updated.status.failed",
        "v2.automationFileTransform.updated.status.pending",
        "v2.automationFileTransform.updated.status.running",
        "v2.automationFileTransform.updated.status.succeeded",
        "v2.entity.registered",
        "v2.request.created",
        "v2.request.updated.fields",
        "v2.request.updated.status",
        "v2.workflowOutput.created",
        "v2.workflowOutput.updated.fields",
        "v2.workflowTask.created",
        "v2.workflowTask.updated.assignee",
        "v2.workflowTask.updated.fields",
        "v2.workflowTask.updated.scheduledOn",
        "v2.workflowTask.updated.status",
        "v2.workflowTaskGroup.created",
        "v2.workflowTaskGroup.mappingCompleted",
        "v2.workflowTaskGroup.updated.watchers",
        "v2-beta.assayRun.created",
        "v2-beta.assayRun.updated.fields",
        "v2-beta.entity.registered",
        "v2-beta.request.created",
        "v2-beta.request.updated.fields",
        "v2-beta.request.updated.status",
        "v2-beta.workflowOutput.created",
        "v2-beta.workflowOutput.updated.fields",
        "v2-beta.workflowTask.created",
        "v2-beta.workflowTask.updated.assignee",
        "v2-beta.workflowTask.updated.fields",
        "v2-beta.workflowTask.updated.scheduledOn",
        "v2-beta.workflowTask.updated.status",
        "v2-beta.workflowTaskGroup.created",
        "v2-beta.workflowTaskGroup.updated.watchers",
        "v3.customEntity.created",
        "v3.customEntity.updated",
        "v3.dnaOligo.created",
        "v3.dnaOligo.updated",
        "v3.dnaSequence.created",
        "v3.dnaSequence.updated",
        "v3.project.created",
        "v3.project.updated",
        "v3.rnaOligo.created",
        "v3.rnaOligo.updated",
        "v3.rnaSequence.created",
        "v3.rnaSequence.updated",
        "v3.run.created",
    ),
}
WEBHOOK_TYPES = {kind: meaning for meaning, kinds in _TYPES.items() for kind in kinds}
