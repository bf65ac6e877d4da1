"""What is known answers; what is old is forgotten; what was corrected stays corrected."""

from __future__ import annotations

import asyncio
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from parley.batch.wish import Wish
from parley.errors import (
    EditConflict,
    FileNotFound,
    InvalidOption,
    TaskExpired,
    TaskNotFound,
    UnsupportedOption,
)
from parley.jobs.desk import Edits
from parley.jobs.edits import tag_of
from parley.jobs.task import TaskState
from parley.jobs.upload import Answered, Started
from parley.speech.recognition import RecognitionOptions, SpeakerCount
from parley.speech.transcript import Segment, Transcript
from parley.storage import tasks
from parley.storage.imports import Imported
from parley.wire.native.result import JsonResult, TextResult
from tests.integration.jobs.scene import ANN, BOB, ROOT, Scene, opened, with_desk

WORDS = Wish(recognition=RecognitionOptions(words=True))
NOBODY = Wish(speakers=None)


def test_less_is_answered_from_more(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        full = await scene.end(await scene.start(b"one", wish=WORDS))
        task_id, acknowledged = await scene.send(b"one", wish=NOBODY)
        assert isinstance(acknowledged, Answered)
        task = await scene.desk.get(ANN, task_id)
        assert task.projected and task.processing_s == full.processing_s > 0
        result = await scene.desk.result(ANN, task_id)
        assert isinstance(result, JsonResult)
        assert result.metadata.projected and not result.metadata.diarize
        assert result.speakers == [] and {it.speaker for it in result.segments} == {None}
        assert {it.words for it in result.segments if it.words is None} == {None}
        subtitles = await scene.desk.result(ANN, task_id, "srt")
        assert isinstance(subtitles, TextResult) and "Speaker" not in subtitles.content
        assert isinstance((await scene.send(b"one", wish=Wish()))[1], Answered)
        more = Wish(speakers=SpeakerCount(minimum=2, maximum=2))
        assert isinstance((await scene.send(b"one", wish=more))[1], Started)
        whole = await scene.desk.result(ANN, full.id)
        assert isinstance(whole, JsonResult) and whole.segments[0].words

    with_desk(tmp_path, test)


def test_what_the_profile_cannot_do_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        wish = Wish(recognition=RecognitionOptions(hotwords=(("x", 1.0),)))
        with pytest.raises(UnsupportedOption):
            await scene.send(b"one", wish=wish)
        assert (await scene.desk.list(ANN, limit=9, cursor=None, state=None))[0] == []

    with_desk(tmp_path, test)


def test_the_same_task_again_changes_nothing(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        gate = scene.gate(b"one")
        task_id = await scene.start(b"one")
        order = (await scene.desk.get(ANN, task_id)).order
        recording = await scene.recording(b"one")
        assert isinstance(await scene.desk.admit(ANN, task_id, order, recording), Started)
        gate.set()
        await scene.end(task_id)
        assert isinstance(await scene.desk.admit(ANN, task_id, order, recording), Answered)

    with_desk(tmp_path, test)


def test_a_first_generation_transcript_answers_who_sends_the_same_bytes(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        recording = await scene.recording(b"one")
        segments = (Segment(start=0.0, end=1.0, text="old", speaker="Speaker1"),)
        old = Transcript(
            duration=1.0, segments=segments, speakers=("Speaker1",), diarized=True, language="zh"
        )
        await scene.store.imports.put(
            [
                Imported(
                    md5=recording.md5,
                    profile="funasr",
                    file_name="a.wav",
                    processing_s=7.0,
                    created_at=1.0,
                    transcript=old,
                )
            ]
        )
        assert isinstance((await scene.send(b"one", BOB, file_name="b.wav"))[1], Started), "BOB never sent it"
        part = tmp_path / "part"
        part.write_bytes(b"one")
        await scene.store.recordings.take(part, recording, ANN.user)
        await scene.store.transcripts.forget(
            scene.desk._books.planner.key((await _last(scene)).order, recording.sha256)
        )
        for wish, fits in (
            (Wish(), True),
            (NOBODY, True),
            (WORDS, False),
            (Wish(recognition=RecognitionOptions(prompt="x")), False),
            (Wish(use_cache=False), False),
        ):
            hit = await scene.desk.known(ANN, replace((await _last(scene)).order, wish=wish), recording)
            assert (hit is not None) == fits, wish
        assert await scene.desk.known(BOB, (await _last(scene)).order, recording) is None
        task_id = await scene.start(b"one", ANN)
        result = await scene.desk.result(ANN, task_id)
        assert isinstance(result, JsonResult)
        assert (result.metadata.engine, result.processing_time) == ("funasr", 7.0)
        assert [it.text for it in result.segments] == ["old"]

    async def _last(scene: Scene):  # type: ignore[no-untyped-def]
        (task, *_), _ = await scene.desk.list(ROOT, limit=1, cursor=None, state=None)
        await scene.end(task.id)
        return task

    with_desk(tmp_path, test)


def test_corrections_belong_to_one_task(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        first = await scene.start(b"one")
        await scene.end(first)
        second = await scene.start(b"one", BOB)
        wanted = Edits(speakers={"Speaker1": "Ann"}, texts={0: "Corrected."})
        task, together = await scene.desk.edit(ANN, first, wanted)
        assert task.edited and together == wanted == await scene.desk.edits(ANN, first)
        assert "Corrected." not in (await scene.desk.transcript(ANN, first, edited=False))[1].text
        for format in ("json", "srt", "txt"):
            for task_id, edited in ((first, True), (second, False)):
                result = await scene.desk.result(ROOT, task_id, format)
                assert ("Corrected." in result.model_dump_json()) == edited
                assert ("Ann" in result.model_dump_json()) == edited
        with pytest.raises(InvalidOption):
            await scene.desk.edit(ANN, first, Edits(texts={99: "x"}))
        with pytest.raises(TaskNotFound):
            await scene.desk.edit(BOB, first, Edits(texts={0: "x"}))
        await scene.desk.edit(ANN, first, Edits(speakers={"Speaker1": ""}, texts={0: ""}))
        assert not (await scene.desk.get(ANN, first)).edited

    with_desk(tmp_path, test)


def test_nobody_corrects_what_they_have_not_seen(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        first = await scene.start(b"one")
        await scene.end(first)
        seen = tag_of(await scene.desk.edits(ANN, first))
        _, together = await scene.desk.edit(ANN, first, Edits(texts={0: "Mine."}), expected=seen)
        with pytest.raises(EditConflict):
            await scene.desk.edit(ANN, first, Edits(texts={0: "Stale."}), expected=seen)
        assert (await scene.desk.edits(ANN, first)).texts == {0: "Mine."}
        await scene.desk.edit(ANN, first, Edits(texts={0: "Newer."}), expected=tag_of(together))
        # Who names none wishes theirs to be added, whatever there is.
        both = (Edits(texts={0: "Last."}), Edits(speakers={"Speaker1": "Ann"}))
        await asyncio.gather(*(scene.desk.edit(ANN, first, each) for each in both))
        assert await scene.desk.edits(ANN, first) == Edits(texts={0: "Last."}, speakers={"Speaker1": "Ann"})

    with_desk(tmp_path, test)


def test_tasks_are_listed_in_pages_newest_first(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        sent = [await scene.start(b"one", ANN if number % 3 else BOB) for number in range(9)]
        for task_id in sent:
            await scene.end(task_id)
        found: list[str] = []
        cursor = None
        for _ in range(3):
            page, cursor = await scene.desk.list(ROOT, limit=4, cursor=cursor, state=None)
            found += [task.id for task in page]
        assert found == sent[::-1] and cursor is None
        assert len((await scene.desk.list(BOB, limit=10, cursor=None, state=None))[0]) == 3
        assert (await scene.desk.list(ROOT, limit=10, cursor=None, state=TaskState.FAILED))[0] == []
        with pytest.raises(InvalidOption):
            await scene.desk.list(ROOT, limit=1, cursor="nonsense!", state=None)
        with pytest.raises(InvalidOption):
            await scene.desk.list(ROOT, limit=1, cursor="\udce4", state=None)

    with_desk(tmp_path, test)


def test_old_tasks_leave_a_tombstone_and_then_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "KEPT_AT_LEAST_S", 0.0)

    async def test(scene: Scene) -> None:
        task_id = await scene.start(b"one")
        task = await scene.end(task_id)
        gate = scene.gate(b"two")
        running = await scene.start(b"two")
        now = time.time()
        await scene.store.tasks.expire(finished_before=now - 1000)
        assert (await scene.desk.get(ANN, task_id)).state is TaskState.COMPLETED
        await asyncio.sleep(0.02)
        await scene.store.tasks.expire(finished_before=time.time() - 0.01)
        for attempt in (
            scene.desk.get(ANN, task_id),
            scene.desk.result(ANN, task_id),
            scene.watch(task_id, ANN),
        ):
            with pytest.raises(TaskExpired):
                await attempt
        with pytest.raises(TaskNotFound):
            await scene.desk.get(BOB, task_id)
        row = await scene.store.tasks.get(task_id)
        assert row is not None
        assert (row.order, row.file_name, row.sha256, row.transcript, row.edits) == (b"", "", "", None, None)
        assert await scene.store.heard.of(task.id) == []
        assert await scene.store.transcripts.get(task.transcript or "") is None, (
            "what was said is still there"
        )
        assert not (await scene.desk.get(ANN, running)).state.is_over
        await asyncio.sleep(0.05)
        await scene.store.tasks.expire(finished_before=time.time() - 0.01)
        with pytest.raises(TaskNotFound):
            await scene.desk.get(ANN, task_id)
        gate.set()
        await scene.end(running)

    with_desk(tmp_path, test)


def test_what_was_made_is_kept_until_the_end_of_its_task_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may die in between and be started much later."""
    monkeypatch.setattr(tasks, "KEPT_AT_LEAST_S", 0.0)

    async def test(scene: Scene) -> None:
        other = await scene.end(await scene.start(b"one"))
        transcript = await scene.store.transcripts.get(other.transcript or "")
        assert transcript is not None
        gate = scene.gate(b"two")
        running = await scene.start(b"two")
        key = await scene.store.transcripts.keep(replace(transcript, profile="two"))
        await asyncio.sleep(0.02)
        await scene.desk.sweep()
        assert await scene.store.transcripts.get(key) is not None
        gate.set()
        await scene.end(running)
        await scene.desk.sweep()
        assert await scene.store.transcripts.get(key) is None

    with_desk(tmp_path, test)


def test_sweeping_forgets_workflows_that_are_over_only(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        done = await scene.start(b"one")
        await scene.end(done)
        gate = scene.gate(b"two")
        running = await scene.start(b"two")
        await scene.until_begun(b"two")
        async with asyncio.timeout(30):
            while done not in await scene.desk._workflows.over():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await scene.desk.sweep()
        assert await scene.desk._workflows.over() == set()
        assert await scene.desk._workflows.live() == {running}
        gate.set()
        assert (await scene.end(running)).state is TaskState.COMPLETED

    with_desk(tmp_path, test)


def test_the_recording_is_there_until_it_is_removed(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        task_id = await scene.start(b"one", file_name="../talk.wav")
        await scene.end(task_id)

        async def listed() -> list[bool]:
            tasks, _ = await scene.desk.list(ANN, limit=10, cursor=None, state=None)
            return [task.has_media for task in tasks]

        path, name = await scene.desk.recording_path(ANN, task_id)
        assert path.read_bytes() == b"one" and name == "../talk.wav"
        assert await listed() == [True]
        path.unlink()
        with pytest.raises(FileNotFound):
            await scene.desk.recording_path(ANN, task_id)
        assert not (await scene.desk.get(ANN, task_id)).has_media
        assert await listed() == [False]

    with_desk(tmp_path, test)


def test_a_recording_that_is_gone_fails_its_task(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        gate = scene.gate(b"busy")
        await scene.start(b"busy")
        await scene.until_begun(b"busy")
        task_id = await scene.start(b"one")
        scene.store.recordings.path((await scene.desk.get(ANN, task_id)).sha256).unlink()
        gate.set()
        failure = (await scene.end(task_id)).failure
        assert failure is not None and failure.code == "file_not_found"

    with_desk(tmp_path, test, running=1)


def test_a_data_directory_may_have_any_name_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "50%41 off? #1 & más"
    folder.mkdir()

    async def test(scene: Scene) -> None:
        assert (await scene.end(await scene.start(b"one"))).state is TaskState.COMPLETED

    with_desk(folder, test)
    assert (folder / "data" / "dbos.db").stat().st_size > 0
    for name in ("dbos.db", "server.lock"):
        assert stat.S_IMODE((folder / "data" / name).stat().st_mode) & 0o077 == 0, name
    assert {it.name for it in tmp_path.iterdir()} == {folder.name}
    assert {it.name for it in folder.iterdir()} == {"data"}


def test_a_desk_can_be_opened_again_in_the_same_process(tmp_path: Path) -> None:
    async def body() -> None:
        for _ in range(3):
            async with opened(tmp_path) as scene:
                assert (await scene.end(await scene.start(b"one"))).state is TaskState.COMPLETED
            assert await asyncio.to_thread(lambda: 1) == 1, "threads went with the desk"

    asyncio.run(body())
