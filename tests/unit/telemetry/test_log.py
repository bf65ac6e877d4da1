import logging
import re
from collections.abc import Iterator

import pytest

from parley.telemetry.log import configure


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    logger = logging.getLogger("parley")
    before = (list(logger.handlers), logger.level, logger.propagate)
    last_resort = logging.lastResort
    yield
    logging.captureWarnings(False)
    logging.lastResort = last_resort
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


def test_a_line_is_time_level_room_message() -> None:
    out: list[str] = []
    configure("INFO", lambda line: None)
    configure("info", out.append)
    logging.getLogger("parley.fleet.pool").info("a worker of %s", "main")
    logging.getLogger("parley.fleet.pool").debug("not this")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO fleet a worker of main", out[0])
    assert len(out) == 1


def test_warnings_of_others_go_the_same_way() -> None:
    out: list[str] = []
    configure("warning", out.append)
    logging.getLogger("py.warnings").warning("something is odd")
    logging.getLogger("py.warnings").info("not this")
    [line] = out
    assert line.endswith(" WARNING py something is odd")
