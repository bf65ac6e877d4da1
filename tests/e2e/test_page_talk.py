"""Talk on the page, in a real browser: what is said is understood, and the answer is heard."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from tests.e2e.browser import check_legible, chromium, looking, silence, write_microphone
from tests.e2e.command import Parley, wait_until
from tests.e2e.serving import Served, serve

SAID = "librispeech/test-other/533-1066-0008.flac"
WORDS = "the most unusual thing i can think of would be a peaceful night"
INTERRUPTION = "librispeech/test-other/3331-159605-0006.flac"
LONG = "Seven sailors sailed slowly southward, seeking some sheltered, sandy shore. " * 10

# Which states were shown, in order.
WATCH_STATES = """
() => {
  const stage = document.querySelector(".stage");
  window.__states = [];
  const note = () => {
    if (stage.dataset.state !== window.__states.at(-1)) window.__states.push(stage.dataset.state);
  };
  note();
  new MutationObserver(note).observe(stage, { attributes: true });
}
"""

# A microphone that hears what the test says, when it says it; the page sees a microphone like any other.
SAYING = """
navigator.mediaDevices.getUserMedia = async () => {
  const context = new AudioContext({ sampleRate: 16000 });
  const place = context.createMediaStreamDestination();
  window.__say = (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const samples = new Int16Array(bytes.buffer);
    const buffer = context.createBuffer(1, samples.length, 16000);
    buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(place);
    source.start();
  };
  return place.stream;
};
"""

# Lines that a test can cut.
CUTTING = """
window.__lines = [];
window.WebSocket = class extends WebSocket {
  constructor(...how) {
    super(...how);
    window.__lines.push(this);
  }
};
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the embedded profile and a parrot, for all tests that leave it as it is."""
    chromium()
    folder = tmp_path_factory.mktemp("talk")
    parley = Parley(folder, folder / "data")
    parley.settings["PARLEY_LIVE__MAX_LAG_MS"] = "600000"
    # A browser that is killed says no goodbye: its conversation waits for it, and takes a place meanwhile.
    parley.settings["PARLEY_ASSISTANT__MAX_SESSIONS_PER_CLIENT"] = "16"
    served = serve(parley)
    try:
        served.wait_ready()
        yield served
    finally:
        served.stop()


def samples(path: Path) -> np.ndarray:
    found, rate = soundfile.read(path, dtype="int16")
    assert rate == 16000
    return found


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def states(page: Page) -> list[str]:
    return page.evaluate("window.__states")


def say(page: Page, pcm: np.ndarray) -> None:
    page.evaluate("text => window.__say(text)", base64.b64encode(pcm.astype("<i2").tobytes()).decode())


def await_state(page: Page, *wanted: str) -> None:
    page.wait_for_function(
        "wanted => wanted.includes(document.querySelector('.stage').dataset.state)", arg=list(wanted)
    )


def type_turn(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")


def stored(house: Served, title: str) -> dict[str, Any]:
    """The newest conversation that began so, with what was said in it."""

    def find() -> dict[str, Any] | None:
        items = house.get("/v1/conversations").json()["items"]
        return next((each for each in items if each["title"].startswith(title)), None)

    found = wait_until(find, 60)
    return house.get(f"/v1/conversations/{found['conversation_id']}").json()


def recognised(parley: Parley, pcm: np.ndarray, rate: int) -> list[str]:
    path = parley.folder / "heard.wav"
    soundfile.write(path, pcm, rate)
    done = parley("transcribe", path)
    assert done.code == 0, done.err
    return words_of(done.out)


def in_order(wanted: list[str], seen: list[str]) -> bool:
    """Whether the wanted stand among what was seen in this order."""
    rest = iter(seen)
    return all(each in rest for each in wanted)


def test_what_is_said_is_understood_and_answered_aloud(
    house: Served, parley: Parley, audio: Path, tmp_path: Path
) -> None:
    microphone = write_microphone(tmp_path / "said.wav", [silence(1), samples(audio / SAID), silence(60)])
    with looking(house.url, microphone=microphone) as seen:
        page = seen.page
        page.evaluate(WATCH_STATES)
        page.get_by_role("button", name="Start the microphone").click()
        turn = page.locator(".turn").first
        expect(turn.locator(".answer")).to_be_visible()
        said = turn.locator(".said .text").inner_text()
        assert len(set(words_of(WORDS)) & set(words_of(said))) >= 10, said
        assert turn.locator(".answer .who").inner_text() == "Parrot"
        await_state(page, "Speaking")
        # What was heard is marked, and grows.
        expect(turn.locator(".heard")).not_to_have_text("")
        expect(turn.locator(".delay")).to_be_visible()
        expect(turn.locator(".coming")).to_have_text("")
        five = ["Listening", "FinalizingASR", "Thinking", "Speaking", "Listening"]
        assert in_order(five, states(page)), states(page)
        assert re.search(r"\d s from your last word", turn.locator(".delay").inner_text())
        expect(page.locator(".stored li.current")).to_be_visible()
        heard = recognised(parley, *seen.heard())
    assert len(set(words_of(WORDS)) & set(heard)) >= 8, heard
    assert {"you", "said"} <= set(heard), heard


def test_speech_interrupts_an_answer_and_only_what_was_heard_is_remembered(
    house: Served, audio: Path
) -> None:
    with looking(house.url, before=SAYING) as seen:
        page = seen.page
        page.evaluate(WATCH_STATES)
        page.get_by_role("button", name="Start the microphone").click()
        await_state(page, "Listening")
        type_turn(page, LONG)
        first = page.locator(".turn").first
        page.wait_for_function("() => (document.querySelector('.heard')?.textContent ?? '').length > 40")
        say(page, np.concatenate([samples(audio / INTERRUPTION), silence(2)]))
        expect(first.locator(".cut")).to_be_visible()
        kept = first.locator(".heard").inner_text()
        assert kept and f"You said: {LONG.strip()}".startswith(kept.rstrip(" .,"))
        assert len(kept) < len(LONG) - 100
        second = page.locator(".turn").nth(1).locator(".said .text:not(.unsure)")
        expect(second).to_be_visible()
        assert len({"let", "me", "see", "how", "can", "begin"} & set(words_of(second.inner_text()))) >= 3
        await_state(page, "Speaking", "Thinking")
        page.keyboard.press("Escape")
        await_state(page, "Listening")
    remembered = stored(house, LONG[:20])["items"]
    answer = remembered[1]
    assert (answer["role"], answer["interrupted"]) == ("assistant", True)
    assert answer["text"] == kept


def test_keys_are_enough(house: Served) -> None:
    """Typed turns, Escape, a new conversation, an earlier one gone on with, and deleted."""
    with looking(house.url) as seen:
        page = seen.page
        page.evaluate(WATCH_STATES)
        type_turn(page, "Tell me about the lighthouse. " + LONG)
        expect(page.locator(".heard")).not_to_have_text("")
        page.keyboard.press("Escape")
        await_state(page, "Listening", "Idle")
        expect(page.locator(".turn .cut")).to_be_visible()
        type_turn(page, "Good night.")
        expect(page.locator(".turn").nth(1).locator(".delay")).to_be_visible()
        page.get_by_role("button", name="New conversation").press("Enter")
        expect(page.locator(".turn")).to_have_count(0)
        earlier = page.get_by_role("button", name="Go on with “Tell me about the lighthouse")
        expect(earlier).to_be_visible()
        earlier.press("Enter")
        expect(page.locator(".turn")).to_have_count(2)
        type_turn(page, "And now?")
        expect(page.locator(".turn").nth(2).locator(".answer")).to_be_visible()
        said = [each["text"] for each in stored(house, "Tell me about the lighthouse")["items"]]
        assert "Good night." in said
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Delete “Tell me about the lighthouse").press("Enter")
        expect(page.locator(".stored", has_text="lighthouse")).to_have_count(0)
        expect(page.locator(".turn")).to_have_count(0)
    titles = [each["title"] for each in house.get("/v1/conversations").json()["items"]]
    assert not [title for title in titles if "lighthouse" in title]


def test_a_lost_line_is_taken_up_again(house: Served) -> None:
    with looking(house.url, before=CUTTING, forgiven=("WebSocket",)) as seen:
        page = seen.page
        page.evaluate(WATCH_STATES)
        type_turn(page, LONG)
        page.wait_for_function("() => (document.querySelector('.heard')?.textContent ?? '').length > 30")
        before = page.locator(".heard").inner_text()
        page.evaluate("window.__lines.at(-1).close()")
        await_state(page, "Speaking")
        page.wait_for_function(
            "before => document.querySelector('.heard').textContent.length > before + 60", arg=len(before)
        )
        assert "lost" in states(page)
        assert page.evaluate("window.__lines.length") == 2
        expect(page.locator(".turn")).to_have_count(1)
        page.get_by_role("button", name="Interrupt").click()
        expect(page.locator(".turn .cut")).to_be_visible()


def test_a_voice_and_a_language_are_chosen_and_kept(house: Served) -> None:
    with looking(house.url) as seen:
        page = seen.page
        voices = page.get_by_label("Voice", exact=True)
        expect(voices.locator("option")).not_to_have_count(1)
        chosen = voices.locator("option[value='espeak-ng/en-gb']")
        expect(chosen).to_have_count(1)
        voices.select_option("espeak-ng/en-gb")
        page.get_by_role("button", name="Hear the voice").click()
        page.wait_for_function(
            "() => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/preview'))"
        )
        expect(page.get_by_role("button", name="Hear the voice")).to_be_enabled()
        page.get_by_label("Language", exact=True).select_option("en")
        page.get_by_role("switch", name="Hands-free").uncheck()
        page.reload()
        expect(page.get_by_label("Voice", exact=True)).to_have_value("espeak-ng/en-gb")
        expect(page.get_by_label("Language", exact=True)).to_have_value("en")
        expect(page.get_by_role("switch", name="Hands-free")).not_to_be_checked()
        expect(page.locator(".notice")).to_have_count(0)


def test_another_voice_and_a_reload_go_on_with_the_conversation(house: Served) -> None:
    with looking(house.url) as seen:
        page = seen.page
        type_turn(page, "The harbour was quiet. " + LONG)
        page.wait_for_function("() => (document.querySelector('.heard')?.textContent ?? '').length > 30")
        page.get_by_label("Voice", exact=True).select_option("espeak-ng/en-gb")
        # The server says how the answer ended before the next voice is there.
        expect(page.locator(".turn .cut")).to_be_visible()
        await_state(page, "Idle", "Listening")
        kept = page.locator(".heard").inner_text()
        assert len(kept) < len(LONG)
        type_turn(page, "And then?")
        expect(page.locator(".turn").nth(1).locator(".delay")).to_be_visible()
        page.reload()
        expect(page.locator(".turn")).to_have_count(2)
        type_turn(page, "Good night.")
        expect(page.locator(".turn").nth(2).locator(".delay")).to_be_visible()
        expect(page.locator(".stored li", has_text="The harbour")).to_have_count(1)
    said = stored(house, "The harbour")["items"]
    assert [each["text"] for each in said if each["role"] == "user"][1:] == ["And then?", "Good night."]
    assert (said[1]["text"], said[1]["interrupted"]) == (kept, True)


def test_a_microphone_for_one_turn_and_one_that_is_unplugged(house: Served, audio: Path) -> None:
    keep_track = """
        const ask = navigator.mediaDevices.getUserMedia;
        navigator.mediaDevices.getUserMedia = async () => (window.__stream = await ask());
    """
    with looking(house.url, before=SAYING + keep_track) as seen:
        page = seen.page
        page.get_by_role("switch", name="Hands-free").uncheck()
        page.get_by_role("button", name="Start the microphone").click()
        await_state(page, "Listening")
        say(page, samples(audio / SAID))
        expect(page.locator(".said .text")).to_contain_text(re.compile("thing", re.I))
        page.get_by_role("button", name="Done speaking").click()
        expect(page.get_by_role("button", name="Start the microphone")).to_be_visible()
        expect(page.locator(".heard")).not_to_have_text("")
        page.get_by_role("button", name="Interrupt").click()
        await_state(page, "Idle")
        page.get_by_role("button", name="Start the microphone").click()
        expect(page.get_by_role("button", name="Done speaking")).to_be_visible()
        page.evaluate("window.__stream.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
        expect(page.get_by_role("alert").filter(has_text="was disconnected")).to_be_visible()
        expect(page.get_by_role("button", name="Start the microphone")).to_be_visible()


def test_on_a_phone_what_is_said_stays_in_view(house: Served) -> None:
    with looking(house.url, width=390, height=640) as seen:
        page = seen.page
        type_turn(page, "A long way down. " + LONG)
        expect(page.locator(".heard")).not_to_have_text("")
        page.keyboard.press("Escape")
        expect(page.locator(".turn .cut")).to_be_visible()
        bottom = "each => document.querySelector(each).getBoundingClientRect()"
        assert page.evaluate(f"({bottom})('.turn:last-child').bottom <= ({bottom})('.composer').top + 1")
        page.locator(".beside summary").click()
        page.locator(".stored .go", has_text="A long way").click()
        expect(page.locator(".settings")).to_be_hidden()
        assert page.evaluate(f"({bottom})('.turn:last-child').bottom <= ({bottom})('.composer').top + 1")


HOSTILE = "<img src=x onerror='window.__harmed = 1'><script>window.__harmed = 2</script>"


def test_what_is_said_is_never_run(house: Served) -> None:
    with looking(house.url) as seen:
        page = seen.page
        type_turn(page, HOSTILE)
        expect(page.locator(".turn .delay")).to_be_visible()
        expect(page.locator(".turn .said .text")).to_have_text(HOSTILE)
        expect(page.locator(".stored .title", has_text="<img")).to_be_visible()
        page.locator(".stored .go", has_text="<img").click()
        expect(page.locator(".turn")).to_have_count(1)
        assert page.evaluate("document.querySelectorAll('main img, main script').length") == 0
        assert page.evaluate("window.__harmed") is None


def test_views_that_are_changed_at_once_are_shown_one_at_a_time(house: Served) -> None:
    with looking(house.url) as seen:
        page = seen.page
        page.evaluate(
            "['system', 'talk', 'transcribe', 'talk', 'system'].map((each) => location.hash = each)"
        )
        for view in ("system", "talk", "transcribe"):
            page.evaluate("view => { location.hash = 'talk'; location.hash = view }", view)
            expect(page.locator(f"section.view.{view} > *").first).to_be_visible()
            expect(page.locator("section.view:not([hidden])")).to_have_count(1)


def test_a_file_that_nobody_takes_does_not_take_the_page_away(house: Served) -> None:
    drop = """() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["words"], "notes.txt"));
        const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector("section.view").dispatchEvent(event);
        return event.defaultPrevented;
    }"""
    with looking(house.url) as seen:
        assert seen.page.evaluate(drop)


def test_why_there_is_no_microphone_is_said(house: Served) -> None:
    refused = """
        navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", "NotAllowedError"); };
    """
    for script, words in ((refused, "was not allowed"), ("", "There is no microphone")):
        with looking(house.url, before=script) as seen:
            seen.page.get_by_role("button", name="Start the microphone").click()
            expect(seen.page.get_by_role("alert").filter(has_text=words)).to_be_visible()
            # Whoever has none can type.
            type_turn(seen.page, "Hello.")
            expect(seen.page.locator(".turn .answer")).to_be_visible()


def test_on_plain_http_from_elsewhere_the_page_says_what_to_do(parley: Parley) -> None:
    chromium()
    parley.settings["PARLEY_SERVER__HOSTS"] = "parley.test"
    served = serve(parley)
    url = served.url.replace("127.0.0.1", "parley.test")
    with looking(url, flags=["--host-resolver-rules=MAP parley.test 127.0.0.1"]) as seen:
        expect(seen.page.locator(".stage .notes")).to_contain_text("https://")
        expect(seen.page.locator(".stage .notes")).to_contain_text("localhost")
        expect(seen.page.locator(".orb")).to_have_attribute("aria-disabled", "true")
        seen.page.locator("#language").click()
        expect(seen.page.locator(".stage .notes")).to_contain_text("麦克风不可用")


def test_who_must_log_in_is_asked_once(parley: Parley) -> None:
    chromium()
    served = serve(parley, "--auth")
    token = parley("token", "create", "--subject", "anna").out.strip()
    with looking(served.url, forgiven=("401",)) as seen:
        page = seen.page
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Token or API key").fill("wrong")
        dialog.get_by_role("button", name="Log in").click()
        expect(dialog.get_by_role("alert")).not_to_have_text("")
        dialog.get_by_label("Token or API key").fill(token)
        dialog.get_by_role("button", name="Log in").click()
        expect(dialog).to_have_count(0)
        type_turn(page, "Hello there.")
        expect(page.locator(".turn .answer")).to_be_visible()
        assert "parley_session" not in page.evaluate(
            "document.cookie + JSON.stringify({...localStorage, ...sessionStorage})"
        )
        page.reload()
        expect(page.locator(".stored li")).to_have_count(1)
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("dialog").get_by_label("Token or API key")).to_be_visible()
        expect(page.get_by_role("button", name="Log out")).to_have_count(0)
        assert not page.context.cookies()


@pytest.mark.parametrize(("theme", "language"), [("light", "en-US"), ("dark", "zh-CN")])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_read_it(house: Served, theme: str, language: str, width: int) -> None:
    with looking(house.url, theme=theme, language=language, width=width) as seen:
        page = seen.page
        expect(page.locator(".stage .state")).not_to_have_text("")
        assert page.evaluate("document.documentElement.lang").startswith(language[:2])
        check_legible(page)
        type_turn(page, "床前明月光，疑是地上霜。" if language == "zh-CN" else "Good morning to you all.")
        expect(page.locator(".turn .delay")).to_be_visible()
        check_legible(page)
        if width < 900:
            page.locator(".beside summary").click()
            expect(page.locator(".settings")).to_be_visible()
            check_legible(page)
        page.locator("#theme").click()
        page.locator("#language").click()
        check_legible(page)
        assert page.evaluate("document.documentElement.dataset.theme") == (
            "dark" if theme == "light" else "light"
        )
