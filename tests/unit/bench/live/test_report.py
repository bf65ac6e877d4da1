"""The report of a live benchmark: as JSON, as tables, in a page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.unit.bench.reports import report as other_report

from parley.bench.live.delays import Delays
from parley.bench.live.line import asr_url, http_url
from parley.bench.live.markdown import MARKS, live_markdown
from parley.bench.live.report import (
    Capacity,
    Conditions,
    Latency,
    LiveAccuracy,
    LiveReport,
    Overload,
    StageShare,
    Step,
    write_live,
)
from parley.bench.live.stages import Costs
from parley.bench.live.tables import live_tables, sentences
from parley.bench.markdown import BEGIN, END, into_page, markdown
from parley.cli.bench_live_results import deliver
from parley.cli.bench_live_run import without_token
from parley.cli.bench_results import STANDARD, Results
from parley.errors import InvalidOption

TAKEN = Delays(p50_s=0.21, p95_s=0.48, longest_s=0.9, count=20)


def step(sessions: int, *, holds: bool, **others: int) -> Step:
    return Step(
        sessions=sessions,
        seconds=30,
        holds=holds,
        lag_s=0.4 if holds else 2.5,
        final_s=0.3,
        finals=12,
        skipped=others.get("skipped", 0),
        refused={"live_overloaded": others["refused"]} if "refused" in others else {},
        lost={},
        own=0.1,
        server=1.7,
        late_s=0.003,
    )


def report(**changes: object) -> LiveReport:
    base = other_report()
    made = LiveReport(
        made_at="2026-01-02T03:04:05Z",
        command="parley bench live",
        machine=base.machine,
        material=base.material,
        conditions=Conditions(
            profile="embedded",
            streaming=False,
            partials=True,
            is_own=True,
            silence_ms=700,
            chunk_ms=100,
            max_lag_ms=1000,
            step_s=30,
            speech_share=0.8,
        ),
        latencies=(
            Latency(
                sessions=1,
                asked=1,
                final=TAKEN,
                beyond=replace(TAKEN, p50_s=-0.49),
                word=TAKEN,
                without_final=1,
                only_final=4,
                misheard=0,
            ),
        ),
        capacity=Capacity(holds=20, fails=22, steps=(step(20, holds=True), step(22, holds=False))),
        overload=Overload(
            asked=30, step=step(30, holds=False, refused=4, skipped=9), left=10, recovered_s=3.21
        ),
        accuracy=LiveAccuracy(recordings=50, words=900, live=0.11, file=0.104, sessions=10),
        stages=(StageShare(stage="final", cpu=0.031),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def read(text: str | bytes) -> LiveReport:
    return msgspec.json.decode(text, type=LiveReport)


def test_a_report_is_read_back() -> None:
    assert read(write_live(report())) == report()
    assert '"kind": "parley-bench-live"' in write_live(report())


def test_the_sentences_say_what_the_figures_do() -> None:
    held, beyond, words = sentences(report())
    assert held == "20 sessions hold a 95th percentile of the lag below 1000 ms; 22 do not."
    assert (
        "4 refused (live_overloaded), 9 partials left out; lag p95 2.50 s; 3.2 s after all but 10" in beyond
    )
    assert "+0.6 points" in words
    none = sentences(report(capacity=Capacity(holds=0, fails=1, steps=()), overload=None, accuracy=None))
    assert none == ("No number of sessions that was tried holds a 95th percentile of the lag below 1000 ms.",)
    endless = report().overload
    assert endless is not None
    assert "not within a minute" in sentences(report(overload=replace(endless, recovered_s=None)))[1]


def test_every_figure_is_in_a_table() -> None:
    delays, steps, words, stages = live_tables(report())
    assert delays.rows[0][:6] == ("1", "20", "0.21", "0.48", "-0.49", "0.48")
    assert dict(zip(delays.head, delays.rows[0], strict=True))["only in the final"] == "4"
    assert [row[2] for row in steps.rows] == ["yes", "no", "overload"]
    assert steps.marks == {1}
    assert words.rows == (("50", "900", "10", "11.0%", "10.4%"),)
    assert stages.rows == (("final", "0.0310"),)
    empty = report(latencies=(), capacity=None, overload=None, accuracy=None, stages=())
    assert live_tables(empty) == ()


def test_the_page_holds_both_kinds_of_benchmark_beside_each_other() -> None:
    page = "# Benchmarks\n\nWords.\n"
    page = into_page(page, markdown(other_report()))
    page = into_page(page, live_markdown(report()), MARKS)
    again = into_page(page, live_markdown(report(made_at="later")), MARKS)
    again = into_page(again, markdown(other_report()))
    assert again == page.replace("2026-01-02T03:04:05Z", "later")
    assert [again.count(mark) for mark in (*MARKS, BEGIN, END)] == [1, 1, 1, 1]


def test_half_a_benchmark_takes_nothings_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, figures = tmp_path / "a.md", tmp_path / "a.json"
    page.write_text("# A page\n")
    results = Results(json_file=str(figures), html=None, markdown=page, compare=None)
    deliver(report(is_complete=False), results)
    assert page.read_text() == "# A page\n"
    assert read(figures.read_bytes()).is_complete is False
    deliver(report(), results)
    assert "20 sessions hold" in page.read_text()
    assert "20 sessions hold" in capsys.readouterr().out
    deliver(report(), replace(results, json_file=STANDARD, markdown=None))
    assert read(capsys.readouterr().out) == report()


PAGE = """# HELP parley_live_audio_seconds_total Seconds
parley_live_audio_seconds_total {audio}
parley_live_processor_seconds_total{{stage="final"}} {final}
parley_live_processor_seconds_total{{stage="partial"}} {partial}
"""


def test_stages_are_read_from_two_pages() -> None:
    before = Costs(PAGE.format(audio="10.0", final="1.0", partial="2e-1"))
    after = Costs(PAGE.format(audio="60.0", final="3.0", partial="0.7"))
    found = {each.stage: each.cpu for each in after.since(before)}
    assert found == {"final": pytest.approx(0.04), "partial": pytest.approx(0.01)}
    assert after.since(after) == ()
    assert Costs("nothing").since(Costs()) == ()


@pytest.mark.parametrize(
    ("named", "socket", "pages"),
    [
        ("127.0.0.1:8767", "ws://127.0.0.1:8767/asr", "http://127.0.0.1:8767"),
        ("https://example.org/parley/", "wss://example.org/parley/asr", "https://example.org/parley"),
        ("ws://[::1]:8765/asr", "ws://[::1]:8765/asr", "http://[::1]:8765"),
    ],
)
def test_a_server_is_named_as_people_do(named: str, socket: str, pages: str) -> None:
    assert (asr_url(named), http_url(named)) == (socket, pages)


def test_what_is_no_server_is_refused() -> None:
    for named in ("ftp://a", "://", "http://"):
        with pytest.raises(InvalidOption, match="no server"):
            asr_url(named)


def test_no_token_is_published() -> None:
    assert without_token(["bench", "live", "--token", "secret", "--token=secret", "--wer"]) == [
        *("bench", "live", "--token", "...", "--token=...", "--wer")
    ]
