"""What is remembered of what went wrong."""

from __future__ import annotations

from parley.telemetry.troubles import Troubles


def test_the_newest_come_first_and_the_oldest_are_forgotten() -> None:
    now = [100.0]
    troubles = Troubles(most=3, clock=lambda: now[0])
    for number in range(5):
        now[0] += 1
        troubles.note("workers", "notice", f"Number {number}.")
    assert [trouble.message for trouble in troubles.recent()] == ["Number 4.", "Number 3.", "Number 2."]
    assert troubles.recent()[0].at == 105.0


def test_the_same_in_a_row_takes_one_place() -> None:
    now = [0.0]
    troubles = Troubles(clock=lambda: now[0])
    for code in ("worker_died", "worker_died", "disk_full", "worker_died"):
        now[0] += 1
        troubles.note("recordings", code, "Sorry.")
    assert [(each.code, each.times, each.at) for each in troubles.recent()] == [
        ("worker_died", 1, 4.0),
        ("disk_full", 1, 3.0),
        ("worker_died", 2, 2.0),
    ]


def test_secrets_and_endless_sentences_are_cut() -> None:
    troubles = Troubles()
    troubles.note("recordings", "url_refused", "It was https://me:secret@host/a?token=abc " + "x" * 5000)
    message = troubles.recent()[0].message
    assert "secret" not in message and "abc" not in message
    assert len(message) <= 500
