"""The OpenAPI document is complete and true: schemathesis tries what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from parley.jobs.task import TaskState
from tests.unit.server.tts.scripted import ScriptedRoom

from .behind import Scene

SCENE = Scene(synthesis=ScriptedRoom(), version="1.2.3", patience_s=20.0)
COMPLETED = SCENE.desk.put()
FAILED = SCENE.desk.put(TaskState.FAILED)
SCENE.desk.recordings[COMPLETED.id] = Path(__file__)

REFUSED = {"expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "413", "415", "460"]}
CONFIG = schemathesis.Config.from_dict(
    # tus demands 412 for another version.
    {"checks": {"negative_data_rejection": REFUSED, "missing_required_header": REFUSED}}
)
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", SCENE.app, config=CONFIG)

BOUNDED = settings(
    max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

load_all_checks()
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

MEANING = {"POST /v1/jobs", "POST /v1/uploads", "PATCH /v1/uploads/{task_id}", "POST /v1/uploads/{task_id}",
           "PATCH /v1/jobs/{task_id}/edits", "GET /v1/jobs/{task_id}/events", "POST /v1/login",
           "POST /v1/voices", "POST /v1/audio/speech"}  # fmt: skip
"""Here a request may fit the schema and still mean nothing: `to` before `from`, a checksum of other bytes."""

OPEN = {"POST /v1/uploads", "POST /v1/voices", "POST /v1/audio/speech"}
"""What counts as wrong there and is none: headers nobody asked for, 1 for true, null for not given."""


def excluded_at(case: schemathesis.Case) -> list[schemathesis.CheckFunction]:
    label = case.operation.label
    excluded: list[schemathesis.CheckFunction] = [positive_data_acceptance] if label in MEANING else []
    return [*excluded, negative_data_rejection] if label in OPEN else excluded


@SCHEMA.parametrize()
@BOUNDED
def test_whatever_is_sent(case: schemathesis.Case) -> None:
    case.call_and_validate(excluded_checks=excluded_at(case))


@pytest.mark.parametrize("task_id", [COMPLETED.id, FAILED.id], ids=["completed", "failed"])
@SCHEMA.include(path_regex=r"/v1/jobs/\{task_id\}").parametrize()
@BOUNDED
def test_jobs_that_exist(case: schemathesis.Case, task_id: str) -> None:
    case.path_parameters["task_id"] = task_id  # which may mend what was meant to be wrong
    case.call_and_validate(excluded_checks=[*excluded_at(case), negative_data_rejection])
