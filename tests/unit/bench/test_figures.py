"""Medians, ranges, what got worse, and the JSON form."""

from __future__ import annotations

import inspect
import json
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.bench.reports import MACHINE, MATERIAL, around, combination, report, trial, whole

from parley.bench.comparison import TOLERANCE, Verdict, compare, judge, judge_rate
from parley.bench.figures import number, ranged, speed
from parley.bench.machine import busy, this_machine
from parley.bench.report import (
    Accuracy,
    Combination,
    Machine,
    Material,
    Report,
    RoleTrial,
    read_report,
    schema,
    write_report,
)
from parley.bench.spread import is_apart, spread, spread_of_known
from parley.bench.verdicts import verdicts
from parley.cli.bench import WORSE, command
from parley.errors import InputError

DOCS = Path(__file__).parents[3] / "docs"

seconds = st.floats(0, 1e9, allow_nan=False)
runs = st.lists(seconds, min_size=1, max_size=9)


@given(runs)
def test_a_median_lies_within_its_range(values: list[float]) -> None:
    found = spread(values)
    assert found.low == min(values)
    assert found.high == max(values)
    assert found.runs == len(values)
    assert sum(value <= found.median for value in values) * 2 >= len(values)
    assert sum(value >= found.median for value in values) * 2 >= len(values)


def test_nothing_has_no_median() -> None:
    with pytest.raises(ValueError, match="nothing"):
        spread([])
    assert spread_of_known([None, None]) is None
    assert spread_of_known([None, 2.0]) == spread([2.0])


@given(runs, runs)
def test_ranges_are_apart_or_touch(one: list[float], other: list[float]) -> None:
    apart = is_apart(spread(one), spread(other))
    assert apart == is_apart(spread(other), spread(one))
    assert apart == (max(one) < min(other) or max(other) < min(one))


several = st.lists(st.floats(0.001, 1e6), min_size=2, max_size=5)


@given(several, several)
def test_what_is_worse_one_way_is_better_the_other_way(one: list[float], other: list[float]) -> None:
    # A tolerance of nothing: a share of the old median is not the same share of the new one.
    opposite = {Verdict.WORSE: Verdict.BETTER, Verdict.BETTER: Verdict.WORSE, Verdict.SAME: Verdict.SAME}
    there = judge(spread(one), spread(other), 0.0)
    assert judge(spread(other), spread(one), 0.0) is opposite[there]


@given(several)
def test_what_did_not_change_is_not_worse(values: list[float]) -> None:
    assert judge(spread(values), spread(values), TOLERANCE) is Verdict.SAME


def test_worse_needs_both_a_gap_and_a_distance() -> None:
    old = spread([1.0, 1.01, 1.02])
    assert judge(old, spread([1.2, 1.3, 1.4]), 0.05) is Verdict.WORSE
    assert judge(old, spread([1.01, 1.3, 1.4]), 0.05) is Verdict.SAME, "a run lies in the old range"
    assert judge(old, spread([1.021, 1.03, 1.04]), 0.05) is Verdict.SAME, "it is too little"
    assert judge(old, spread([0.5, 0.6, 0.7]), 0.05) is Verdict.BETTER
    assert judge(old, spread([9.0]), 0.05) is Verdict.SAME, "one run says nothing of the spread"
    assert judge(old, None, 0.05) is Verdict.GONE
    assert judge(None, old, 0.05) is Verdict.NEW
    assert judge(None, None, 0.05) is Verdict.SAME


def test_error_rates_may_move_by_half_a_point() -> None:
    assert judge_rate(0.100, 0.104) is Verdict.SAME
    assert judge_rate(0.100, 0.106) is Verdict.WORSE
    assert judge_rate(0.100, 0.090) is Verdict.BETTER


def test_reports_are_compared_figure_by_figure() -> None:
    old = report(combination(), combination("mps"), roles=(trial("cpu", vad=0.01, asr=0.1),))
    slower = replace(combination(), whole=whole(0.2, accuracy=Accuracy(wer=0.2, words=100)))
    new = report(slower, combination("mps"), roles=(trial("cpu", vad=0.01, asr=0.3),))
    found = compare(old, new)
    worse = {(each.subject, each.figure) for each in found.worse}
    assert worse == {
        ("embedded, cpu, 1 worker", "RTF"),
        ("embedded, cpu, 1 worker", "first text, s"),
        ("embedded, cpu, 1 worker", "processor s / audio s"),
        ("embedded, cpu, 1 worker", "WER"),
        ("embedded, cpu, asr alone", "s / audio s"),
    }
    assert not compare(new, old).worse
    assert not compare(old, old).worse
    assert not found.cautions


def test_what_worked_and_fails_now_is_worse_and_what_is_left_out_is_not() -> None:
    old = report(combination(), combination("mps"))
    failed = Combination(profile="embedded", device="mps", workers=1, problem="it broke")
    [worse] = compare(old, report(combination(), failed)).worse
    assert (worse.subject, worse.figure) == ("embedded, mps, 1 worker", "works")
    partial = compare(old, report(combination()))
    assert not partial.worse
    assert [each.verdict for each in partial.changes if each.figure == "works"] == [Verdict.GONE]
    assert not compare(report(failed), report(failed)).worse


def test_recordings_that_fail_now_are_worse_whatever_the_others_say() -> None:
    old, new = report(), report(replace(combination(), whole=whole(0.05, left_out=1)))
    [worse] = compare(old, new).worse
    assert (worse.figure, worse.old, worse.new) == ("recordings left out", 0, 1)
    assert not compare(new, new).worse
    assert [each.verdict for each in compare(new, old).changes if each.figure == worse.figure] == [
        Verdict.BETTER
    ]


def test_a_role_that_fails_now_is_worse_and_one_that_was_not_measured_again_is_not() -> None:
    old = report(roles=(trial("cpu", vad=0.01, asr=0.1),))
    broken = replace(trial("cpu", asr=0.1).roles[0], wall=None, cpu=None, problem="it broke")
    failed = report(roles=(replace(trial("cpu", vad=0.01), roles=(*trial("cpu", vad=0.01).roles, broken)),))
    [worse] = compare(old, failed).worse
    assert (worse.subject, worse.figure) == ("embedded, cpu, asr alone", "works")
    nothing = report(roles=(replace(trial("cpu"), problem="it broke"),))
    assert len(compare(old, nothing).worse) == 2
    assert not compare(old, report()).worse
    assert not compare(failed, old).worse


def test_other_machines_and_versions_are_told_and_other_recordings_refused() -> None:
    other = replace(MACHINE, processor="another", versions={"parley": "2"})
    cautions = compare(report(), report(machine=other, is_complete=False)).cautions
    assert len(cautions) == 3
    assert "parley 1 -> 2" in cautions[1]
    with pytest.raises(InputError, match="same recordings"):
        compare(report(), report(material=replace(MATERIAL, digest="e")))
    assert "single run" in compare(report(runs=1), report()).cautions[0]


words = st.text(max_size=20)
reports = st.builds(
    Report,
    made_at=words,
    command=words,
    machine=st.builds(
        Machine,
        processor=words,
        cores=st.integers(1, 999),
        memory_mib=st.integers(0, 1 << 40),
        system=words,
        python=words,
        versions=st.dictionaries(words, words, max_size=3),
        load_before=st.none() | seconds,
    ),
    material=st.builds(
        Material,
        recordings=st.integers(0, 999),
        audio_s=seconds,
        with_text=st.integers(0, 999),
        with_speakers=st.integers(0, 999),
        digest=words,
    ),
    runs=st.integers(1, 100),
    combinations=st.lists(
        st.builds(
            Combination,
            profile=words,
            device=words,
            workers=st.integers(1, 256),
            problem=words,
            whole=st.none() | st.builds(whole, st.floats(0.001, 100)),
            notes=st.lists(words, max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    roles=st.lists(st.builds(RoleTrial, profile=words, device=words, problem=words), max_size=2).map(tuple),
    is_complete=st.booleans(),
)


@given(reports)
def test_the_json_form_comes_back_as_it_was(found: Report) -> None:
    text = write_report(found)
    assert read_report(text, "a.json") == found
    assert json.loads(text)["schema_version"] == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not the JSON"),
        ("[1]", "not the JSON"),
        ("{}", "make one with"),
        ('{"kind": "parley-bench", "schema_version": 99}', "version 99"),
        ('{"kind": "parley-bench", "schema_version": 1}', "lacks something"),
        (write_report(report()).replace('"low"', '"lo"'), "lacks something"),
        (write_report(report()).replace('"low": 0.099', '"low": 7.5'), "lacks something"),
        ("\udc80", "not the JSON"),
        ("[" * 100_000, "not the JSON"),
    ],
)
def test_what_is_no_report_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_report(text, "a.json")


def test_the_schema_names_every_field() -> None:
    assert "combinations" in json.dumps(schema())


def test_verdicts_answer_which_device_is_faster_for_which_model() -> None:
    both = (trial("cpu", vad=0.010, asr=0.200), trial("mps", vad=0.020, asr=0.050))
    found = verdicts(report(combination("cpu"), combination("mps", whole=whole(0.05)), roles=both))
    assert "embedded, whole recipe, 1 worker: mps is 2.00 times as fast as cpu." in found
    assert "embedded, vad (vad-engine): cpu is 2.00 times as fast as mps." in found
    assert "embedded, asr (asr-engine): mps is 4.00 times as fast as cpu." in found


def test_verdicts_do_not_count_what_ran_elsewhere_nor_what_lies_within_the_spread() -> None:
    fell_back = replace(trial("mps", asr=0.1), roles=trial("cpu", asr=0.1).roles)
    assert not [said for said in verdicts(report(roles=(trial("cpu", asr=0.2), fell_back))) if "mps" in said]
    close = (trial("cpu", asr=0.1), trial("mps", asr=0.1005))
    assert "embedded, asr (asr-engine): no clear difference between cpu and mps." in verdicts(
        report(roles=close)
    )
    more = report(combination(), combination(workers=2, whole=whole(0.05)))
    assert verdicts(more) == ("embedded, cpu: 2 workers are 2.00 times as fast as 1.",)
    same = report(combination(), combination(workers=2))
    assert verdicts(same) == ("embedded, cpu: no clear difference between 1 and 2 workers.",)


@given(st.floats(1e-4, 1e6))
def test_numbers_keep_their_size(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=0.06)


def test_figures_as_they_are_read() -> None:
    assert [number(value) for value in (0, 0.012345, 0.12345, 1.2345, 12.345, 1234.5)] == [
        "0", "0.0123", "0.123", "1.23", "12.3", "1234",
    ]  # fmt: skip
    assert ranged(None) == ""
    assert ranged(spread([2.0])) == "2.00"
    assert ranged(spread([1.0, 2.0, 3.0])) == "2.00 (1.00–3.00)"
    assert [speed(around(rtf)) for rtf in (0.05, 0.4, 1.6)] == ["20x", "2.50x", "0.625x"]


def test_a_report_is_valid_by_the_published_schema() -> None:
    published = json.loads((DOCS / "formats" / "benchmark.schema.json").read_text("utf-8"))
    validator = jsonschema_rs.validator_for(published)
    found = json.loads(write_report(report(roles=(trial("cpu", asr=0.1),))))
    assert validator.is_valid(found)
    del found["combinations"][0]["profile"]
    assert not validator.is_valid(found)


@pytest.mark.parametrize("name", ["benchmarking.md", "benchmarking.zh-CN.md"])
def test_the_page_about_it_names_every_option(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")
    options = {each.name for each in inspect.signature(command).parameters.values()} - {"files"}
    spelled = {"json_file": "--json"} | {
        each: f"--{each.replace('_', '-')}" for each in options - {"json_file"}
    }
    assert not [flag for flag in spelled.values() if flag not in text]
    assert f" {WORSE} " in text or f"；{WORSE} " in text


def test_a_busy_machine_is_told() -> None:
    assert "load 7.0 on 2 cores" in busy(replace(MACHINE, load_before=7.0))
    assert busy(replace(MACHINE, load_before=0.9)) == ""
    assert busy(replace(MACHINE, load_before=None)) == ""


def test_the_machine_is_described() -> None:
    here = this_machine({"own": sys.executable})
    assert here.processor
    assert here.cores >= 1
    assert here.memory_mib > 100
    assert here.versions["parley"]
    assert "own/ctranslate2" in here.versions
