"""Downloads from a hub that behaves, and from one that does not."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from parley.engines.model import Hub, ModelSource
from parley.errors import (
    DiskFull,
    DownloadFailed,
    DownloadRefused,
    InvalidOption,
    InvalidSettings,
    ModelDamaged,
)
from parley.supply import manifest, staging
from parley.supply.models import Models
from parley.supply.pulling import Downloads
from tests.integration.supply.hub import COMMIT, hub
from tests.integration.supply.pulling import (
    CLOSED,
    FILES,
    MODEL,
    ON_HF,
    ON_MS,
    QUICK,
    REPOS,
    WEIGHTS,
    Told,
    access,
    contents,
    pull,
)


@pytest.mark.parametrize("model", [ON_HF, ON_MS])
def test_a_model_arrives_whole_with_a_manifest(tmp_path: Path, model: object) -> None:
    assert model in (ON_HF, ON_MS)
    spec = ON_HF if model is ON_HF else ON_MS
    with hub(**REPOS) as server:
        told = pull(tmp_path, server, spec)
    models = Models(tmp_path)
    folder = models.folder(spec)
    assert folder == tmp_path / "tiny"
    assert contents(folder) == FILES
    held = manifest.read(folder)
    assert held is not None
    source = spec.sources[0]
    assert (held.hub, held.repo, held.revision, held.commit) == (
        source.hub.value, source.repo, source.revision, COMMIT,
    )  # fmt: skip
    assert {file.path: file.sha256 for file in held.files} == {
        path: hashlib.sha256(content).hexdigest() for path, content in FILES.items()
    }
    total = sum(map(len, FILES.values()))
    assert told.steps[-1] == (total, total)
    assert [done for done, _ in told.steps] == sorted(done for done, _ in told.steps)
    assert not list((tmp_path / ".incoming").glob("tiny/*"))


def test_weights_are_the_same_whichever_hub_they_came_from(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        pull(tmp_path / "a", server, ON_HF)
        pull(tmp_path / "b", server, ON_MS)
    identities = {Models(tmp_path / where).identity(MODEL) for where in "ab"}
    assert len(identities) == 1
    assert identities != {""}


def test_what_is_here_is_not_fetched_again(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        pull(tmp_path, server)
        asked = len(server.asked)
        pull(tmp_path, server)
        assert len(server.asked) == asked


def test_only_the_files_that_the_source_names_are_fetched(tmp_path: Path) -> None:
    source = replace(ON_HF.sources[0], files=("config.json", "model.*", "sub/*"))
    with hub(**REPOS) as server:
        pull(tmp_path, server, replace(ON_HF, sources=(source,)))
    assert set(contents(tmp_path / "tiny")) == {"config.json", "model.bin", "sub/tokens.txt"}


@pytest.mark.parametrize("model", ["hf", "ms"])
def test_a_cut_line_is_gone_on_with_where_it_broke(tmp_path: Path, model: str) -> None:
    with hub(**REPOS) as server:
        server.break_("model.bin", "cut", at=700_000)
        pull(tmp_path, server, ON_HF if model == "hf" else ON_MS)
        ranges = [
            each.range
            for each in server.asked
            if ("model.bin" in each.path and (each.server == "network" or "FilePath" in each.path))
        ]
    assert contents(tmp_path / "tiny") == FILES
    assert ranges == ["", "bytes=700000-"]


def test_a_hub_without_ranges_is_read_from_the_start(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.ranges = False
        server.break_("model.bin", "cut", at=700_000)
        told = pull(tmp_path, server)
    assert contents(tmp_path / "tiny") == FILES
    assert told.steps[-1][0] == told.steps[-1][1]


def test_what_one_run_began_the_next_one_ends(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        # Each time a little is new, but less than counts as progress.
        for _ in range(QUICK.tries):
            server.break_("model.bin", "cut", at=500_000)
        with pytest.raises(DownloadFailed, match="the same command goes on where this one stopped"):
            pull(tmp_path, server)
        assert Models(tmp_path).folder(ON_HF) is None
        assert Models(tmp_path).begun_bytes("tiny") > 400_000
        server.asked.clear()
        pull(tmp_path, server)
        [bytes_asked] = [each for each in server.asked if each.server == "network"]
    assert bytes_asked.range == "bytes=500000-"
    assert contents(tmp_path / "tiny") == FILES


def test_what_one_hub_began_another_one_ends(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        for _ in range(QUICK.tries):
            server.break_("model.bin", "cut", at=500_000)
        told = pull(tmp_path, server, MODEL)
        ranges = [each.range for each in server.asked if "FilePath=model.bin" in each.path]
    assert ranges == ["bytes=500000-"]
    assert any("asking another hub" in sentence for sentence in told.said)
    held = manifest.read(tmp_path / "tiny")
    assert held is not None
    assert held.hub == "modelscope"
    assert contents(tmp_path / "tiny") == FILES


def test_wrong_bytes_are_thrown_away_and_fetched_once_more(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.break_("model.bin", "wrong")
        server.break_("config.json", "wrong")
        pull(tmp_path, server)
    assert contents(tmp_path / "tiny") == FILES


def test_wrong_bytes_twice_end_the_download(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.break_("model.bin", "wrong", times=2)
        with pytest.raises(ModelDamaged, match=r"model\.bin came with a wrong checksum, twice"):
            pull(tmp_path, server)
        assert Models(tmp_path).folder(ON_HF) is None
        pull(tmp_path, server)
    assert contents(tmp_path / "tiny") == FILES


@pytest.mark.parametrize("kind", ["slow", "silent"])
def test_a_line_that_brings_next_to_nothing_is_given_up_and_tried_again(tmp_path: Path, kind: str) -> None:
    patience = replace(QUICK, window=2.0, answer=4.0, slowest_bytes=1000)
    with hub(**REPOS) as server:
        server.break_("model.bin", kind, at=300_000)
        pull(tmp_path, server, patience=patience)
        ranges = [each.range for each in server.asked if each.server == "network"]
    assert contents(tmp_path / "tiny") == FILES
    assert len(ranges) >= 2
    assert all(int(each.removeprefix("bytes=").removesuffix("-")) >= 300_000 for each in ranges[1:])


def test_an_endless_slow_line_ends_with_a_sentence(tmp_path: Path) -> None:
    patience = replace(QUICK, window=0.3, slowest_bytes=2_000_000)
    with hub(**REPOS) as server:
        server.break_("model.bin", "slow", times=99)
        with pytest.raises(DownloadFailed, match=r"the line is too slow.*the same command goes on"):
            pull(tmp_path, server, patience=patience)


@pytest.mark.parametrize("status", ["429", "500", "503"])
def test_a_busy_hub_is_asked_again_after_the_time_it_names(tmp_path: Path, status: str) -> None:
    with hub(**REPOS) as server:
        server.break_("listing", status)
        server.break_("model.bin", status, times=2, wait="1")
        pull(tmp_path, server)
    assert contents(tmp_path / "tiny") == FILES


def test_a_hub_that_stays_busy_ends_the_download(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.break_("model.bin", "503", times=99, wait="99999999")
        with pytest.raises(DownloadFailed, match="it answers 503"):
            pull(tmp_path, server)


@pytest.mark.parametrize("fault", [None, "503", "page"])
def test_the_next_hub_is_asked_when_the_first_does_not_answer(tmp_path: Path, fault: str | None) -> None:
    with hub(**REPOS) as server:
        changes = {} if fault else {"huggingface": CLOSED}
        if fault:
            server.break_("listing", fault)
        told = pull(tmp_path, server, MODEL, **changes)
    held = manifest.read(tmp_path / "tiny")
    assert held is not None
    assert held.hub == "modelscope"
    assert told.said[0].startswith("tiny: from ModelScope (127.0.0.1); not Hugging Face (127.0.0.1): it ")


def test_a_hub_that_gave_no_answer_is_asked_last_for_the_models_that_follow(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        second = replace(MODEL, name="second")
        told = Told()
        downloads = Downloads(models=Models(tmp_path), access=access(server, huggingface=CLOSED), report=told)
        offers = asyncio.run(downloads.find([MODEL, second]))
    assert [offer.source.hub for offer in offers.values()] == [Hub.MODELSCOPE] * 2
    assert "not Hugging Face" in told.said[0]
    assert "not Hugging Face" not in told.said[1]


def test_no_line_at_all_is_said_with_ways_out(tmp_path: Path) -> None:
    with hub(**REPOS) as server, pytest.raises(DownloadFailed) as caught:
        pull(tmp_path, server, MODEL, huggingface=CLOSED, modelscope=CLOSED)
    message = caught.value.message
    assert "Hugging Face (127.0.0.1): it cannot be reached" in message
    assert "ModelScope (127.0.0.1): it cannot be reached" in message
    assert "models.hf_endpoint" in message
    assert "--from DIR" in message


def test_a_silent_hub_gets_no_more_than_its_time(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.break_("listing", "silent")
        told = pull(tmp_path, server, MODEL, patience=replace(QUICK, probe=3.0))
    assert "no answer within 3 s" in told.said[0]


def test_a_model_that_no_hub_has_is_refused(tmp_path: Path) -> None:
    with hub() as server, pytest.raises(DownloadRefused, match="it does not have this model or revision"):
        pull(tmp_path, server, MODEL)


@pytest.mark.parametrize("model", ["hf", "ms"])
def test_a_revision_that_is_not_there_is_no_empty_model(tmp_path: Path, model: str) -> None:
    spec = ON_HF if model == "hf" else ON_MS
    gone = replace(spec, sources=(replace(spec.sources[0], revision="gone"),))
    with hub(**REPOS) as server, pytest.raises(DownloadRefused, match="does not have this model or revision"):
        pull(tmp_path, server, gone)


def test_a_file_that_vanished_ends_the_download(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.break_("config.json", "404")
        with pytest.raises(DownloadFailed, match="does not have"):
            pull(tmp_path, server)


def test_a_gated_model_says_where_the_token_goes(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.token = "hf_right"
        with pytest.raises(DownloadRefused, match=r"set models\.hf_token \(HF_TOKEN\)"):
            pull(tmp_path, server)
        with pytest.raises(DownloadRefused) as caught:
            pull(tmp_path, server, token="hf_wrong")
        assert "hf_wrong" not in caught.value.message + caught.value.detail
        told = pull(tmp_path, server, token="hf_right")
    assert contents(tmp_path / "tiny") == FILES
    assert "hf_right" not in " ".join(told.said)
    assert "hf_right" not in (tmp_path / "tiny" / manifest.FILE).read_text()


def test_the_token_does_not_follow_a_redirect_to_another_host(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.token = "hf_right"
        server.break_("model.bin", "cut", at=5000)
        pull(tmp_path, server, token="hf_right")
        elsewhere = [each for each in server.asked if each.server == "network"]
        assert len(elsewhere) == 2
        assert not any("authorization" in each.headers for each in elsewhere)
        assert not any("hf_right" in each.path for each in server.asked)


def test_modelscope_is_not_told_the_token_of_hugging_face(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        pull(tmp_path, server, ON_MS, token="hf_right")
        assert not any("authorization" in each.headers for each in server.asked)


def test_offline_opens_no_connection(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        with pytest.raises(DownloadRefused, match="downloads are switched off"):
            pull(tmp_path, server, MODEL, offline=True)
        pull(tmp_path, server, MODEL)
        asked = len(server.asked)
        pull(tmp_path, server, MODEL, offline=True)
        assert len(server.asked) == asked


def test_a_hub_that_does_not_have_the_model_is_named(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        with pytest.raises(InvalidOption, match="is not on modelscope; it is on: huggingface"):
            pull(tmp_path, server, ON_HF, hub="modelscope")
        pull(tmp_path, server, MODEL, hub="modelscope")
    held = manifest.read(tmp_path / "tiny")
    assert held is not None
    assert held.hub == "modelscope"


def test_a_model_that_does_not_fit_is_not_begun(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        downloads = Downloads(
            models=Models(tmp_path), access=access(server), report=Told(), free=lambda _: 1024
        )
        with pytest.raises(DiskFull, match="'tiny' takes 1 MiB more, and 0 MiB are free"):
            asyncio.run(downloads.pull(ON_HF))
        assert not [each for each in server.asked if "/resolve/" in each.path]


@pytest.mark.parametrize(
    "path",
    ["../../x", "/x", "a/../../x", "..", "a\\..\\x", "C:x", "a//b", "a/./b", "", "a\x00b", "a/", "x" * 300],
)  # fmt: skip
@pytest.mark.parametrize("where", ["hf", "ms"])
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path, path: str, where: str) -> None:
    def listed(answer: dict[str, object]) -> dict[str, object]:
        text = json.dumps(answer).replace('"README.md"', json.dumps(path))
        changed: dict[str, object] = json.loads(text)
        return changed

    with hub(**REPOS) as server:
        server.listed = listed
        with pytest.raises(DownloadRefused, match="outside the model's folder"):
            pull(tmp_path / "models", server, ON_HF if where == "hf" else ON_MS)
        assert not [each for each in server.asked if "/resolve/" in each.path or "FilePath" in each.path]
    assert {path.name for path in tmp_path.rglob("*")} <= {"models", ".incoming", "tiny.lock"}


@pytest.mark.parametrize("path", ["model.bin", "MODEL.BIN", "model.bin/x", "sub"])
def test_files_that_would_lie_on_each_other_are_refused(tmp_path: Path, path: str) -> None:
    with hub(acme__tiny=FILES) as server:
        server.listed = lambda answer: json.loads(json.dumps(answer).replace('"README.md"', json.dumps(path)))
        with pytest.raises(DownloadRefused, match="on each other"):
            pull(tmp_path, server)


def test_a_link_in_the_repository_is_only_a_small_file(tmp_path: Path) -> None:
    # Git keeps a link as a file that holds where it leads to.
    with hub(acme__tiny=FILES | {"link": b"/etc/passwd", "sub/link": b"../../.."}) as server:
        pull(tmp_path, server)
    assert not (tmp_path / "tiny" / "link").is_symlink()
    assert (tmp_path / "tiny" / "sub" / "link").read_bytes() == b"../../.."


def test_a_hub_without_checksums_is_refused(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.listed = lambda answer: json.loads(json.dumps(answer).replace("blobId", "other"))
        with pytest.raises(DownloadRefused, match="no size or checksum"):
            pull(tmp_path, server)


@pytest.mark.parametrize(
    "answer",
    [{"sha": COMMIT, "siblings": 3}, {"sha": COMMIT, "siblings": ["x"]}, {"sha": 3}, {}, {"sha": COMMIT}],
)
def test_an_answer_of_another_shape_is_told(tmp_path: Path, answer: dict[str, object]) -> None:
    with hub(**REPOS) as server:
        server.listed = lambda _: answer
        with pytest.raises((DownloadRefused, DownloadFailed), match="Hugging Face"):
            pull(tmp_path, server)


def test_files_that_lie_there_already_are_taken_over(tmp_path: Path) -> None:
    place = tmp_path / "tiny"
    place.mkdir()
    (place / "model.bin").write_bytes(WEIGHTS)
    (place / "config.json").write_bytes(b"x" * len(FILES["config.json"]))
    (place / "notes").write_text("mine")
    with hub(**REPOS) as server:
        told = pull(tmp_path, server)
        assert not [each for each in server.asked if each.server == "network"]
    assert contents(place) == FILES
    [aside] = tmp_path.glob("tiny.by-hand-*")
    assert (aside / "notes").read_text() == "mine"
    assert any(aside.name in sentence for sentence in told.said)


def test_another_revision_replaces_the_former_one(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        pull(tmp_path, server)
        before = Models(tmp_path).identity(ON_HF)
        server.repos["acme/tiny"] = FILES | {"config.json": b'{"size": "other"}'}
        newer = replace(ON_HF, sources=(ModelSource(hub=Hub.HUGGINGFACE, repo="acme/tiny", revision="main"),))
        server.asked.clear()
        pull(tmp_path, server, newer)
        # The weights are the same, and were not fetched.
        assert not [each for each in server.asked if each.server == "network"]
    models = Models(tmp_path)
    assert models.is_current(newer)
    assert models.identity(newer) != before
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["tiny"]


def test_a_damaged_model_is_mended(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        pull(tmp_path, server)
        (tmp_path / "tiny" / "model.bin").write_bytes(b"cut off")
        pull(tmp_path, server)
    assert contents(tmp_path / "tiny") == FILES


def test_a_repository_without_what_the_model_needs_is_refused(tmp_path: Path) -> None:
    with (
        hub(acme__tiny={"config.json": b"{}"}) as server,
        pytest.raises(ModelDamaged, match=r"lacks \*\.bin"),
    ):
        pull(tmp_path, server)
    assert not (tmp_path / "tiny").exists()


def test_two_pulls_at_once_fetch_once(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.break_("model.bin", "silent", at=1000)
        told = [Told(), Told()]
        patience = replace(QUICK, answer=5.0)

        async def main() -> None:
            downloads = [
                Downloads(models=Models(tmp_path), access=access(server, patience=patience), report=each)
                for each in told
            ]
            await asyncio.gather(*(each.pull(ON_HF) for each in downloads))

        asyncio.run(main())
        assert len([each for each in server.asked if each.server == "network"]) == 2
        assert len([each for each in server.asked if "/revision/" in each.path]) == 1
    assert contents(tmp_path / "tiny") == FILES
    assert [sentence for each in told for sentence in each.said if "Waiting for it" in sentence]


def test_a_name_that_no_address_can_hold_is_told(tmp_path: Path) -> None:
    with hub(**REPOS) as server:
        server.listed = lambda answer: json.loads(json.dumps(answer).replace("README.md", "\\ud800"))
        with pytest.raises(DownloadFailed, match="something else than a hub"):
            pull(tmp_path, server, ON_HF)


@pytest.mark.parametrize("token", ["hf_ä", "hf_a\nX-Other: b", "hf a"])
def test_a_token_that_is_none_is_not_sent(tmp_path: Path, token: str) -> None:
    with hub(**REPOS) as server:
        with pytest.raises(InvalidSettings, match="holds characters that no token has") as caught:
            pull(tmp_path, server, token=token)
        assert server.asked == []
    assert token not in caught.value.message + caught.value.detail


def test_a_repository_cannot_bring_its_own_manifest(tmp_path: Path) -> None:
    with hub(acme__tiny=FILES | {manifest.FILE: b"{}"}) as server:
        pull(tmp_path, server)
    held = manifest.read(tmp_path / "tiny")
    assert held is not None
    assert {file.path for file in held.files} == set(FILES)


def test_what_was_left_halfway_to_its_place_is_swept(tmp_path: Path) -> None:
    left = staging.passing(tmp_path, "tiny")
    left.mkdir(parents=True)
    (left / "model.bin").write_bytes(b"of a command that was killed")
    others = staging.passing(tmp_path, "tiny.large")
    others.mkdir()
    with hub(**REPOS) as server:
        pull(tmp_path, server)
    assert (left.exists(), others.exists()) == (False, True)
