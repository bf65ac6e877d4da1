"""What holds for the native protocol alone."""

import json
from typing import Any

from parley.wire.native.catalogue import CATALOGUE
from parley.wire.native.client import CLIENT_MESSAGES
from parley.wire.native.examples import JSON_RESULT, TEXT_RESULT
from parley.wire.native.result import JsonResult, TextResult
from parley.wire.native.server import SERVER_MESSAGES


def plain(example: Any) -> Any:
    return json.loads(json.dumps(example, default=dict))


def test_every_message_is_in_the_catalogue() -> None:
    assert [entry.model for entry in CATALOGUE] == [*CLIENT_MESSAGES, *SERVER_MESSAGES]


def test_results_are_the_shapes_that_old_clients_know() -> None:
    as_json = JsonResult.model_validate(plain(JSON_RESULT)).model_dump(mode="json")
    assert as_json == plain(JSON_RESULT)
    assert TextResult.model_validate(plain(TEXT_RESULT)).model_dump(mode="json") == plain(TEXT_RESULT)
