from parley.batch.assemble import HeardTrack, assemble
from parley.batch.recognise import Hearing
from parley.speech.media import DecodedMedia, PcmTrack
from parley.speech.recognition import Piece
from parley.speech.span import Span, SpeakerTurn
from parley.speech.transcript import FailedSpan, Transcript, Word

TRACK = PcmTrack(path="a.pcm", samples=16000 * 60)


def heard(
    *pieces: Piece,
    turns: list[SpeakerTurn] | None = None,
    track: PcmTrack = TRACK,
    failed: list[FailedSpan] | None = None,
) -> HeardTrack:
    islands = [Span(piece.start, piece.end) for piece in pieces]
    return HeardTrack(track, islands, Hearing(pieces=list(pieces), failed=failed or [], language="en"), turns)


def transcript(*tracks: HeardTrack, origin: float = 0.0) -> Transcript:
    media = DecodedMedia(tracks=tuple(one.track for one in tracks), duration=60.0, origin=origin)
    return assemble(tracks, media, profile="p", warnings=["w", "w"])


def test_pieces_become_sentences() -> None:
    result = transcript(heard(Piece(start=1.0, end=5.0, text="One two. Three four.")))
    assert [segment.text for segment in result.segments] == ["One two.", "Three four."]
    assert result.segments[0].start == 1.0
    assert result.segments[0].end == result.segments[1].start
    assert result.segments[1].end == 5.0
    assert (result.diarized, result.speakers, result.segments[0].speaker) == (False, (), None)
    assert result.warnings == ("w",)
    assert result.language == "en"


def test_speakers_are_numbered_by_speaking_time() -> None:
    result = transcript(
        heard(
            Piece(start=0.0, end=2.0, text="Short."),
            Piece(start=3.0, end=9.0, text="Long."),
            turns=[SpeakerTurn(0, 2, 7), SpeakerTurn(3, 9, 4), SpeakerTurn(20, 50, 5)],
        )
    )
    assert [(segment.text, segment.speaker) for segment in result.segments] == [
        ("Short.", "Speaker2"),
        ("Long.", "Speaker1"),
    ]
    # A voice without words (laughter) gets no label.
    assert result.speakers == ("Speaker1", "Speaker2")
    assert result.diarized


def test_speakers_are_in_natural_order() -> None:
    pieces = [Piece(start=float(n), end=n + 0.9, text=f"T{n}.") for n in range(11)]
    turns = [SpeakerTurn(n, n + 0.9, n) for n in range(11)]
    assert transcript(heard(*pieces, turns=turns)).speakers[-2:] == ("Speaker10", "Speaker11")


def test_the_range_asked_for_shifts_all_times() -> None:
    words = (Word(text="Hi", start=1.0, end=1.5), Word(text="you.", start=1.5, end=2.0))
    lost = FailedSpan(start=5.0, end=6.0, code="unit_poisoned", message="m")
    result = transcript(
        heard(Piece(start=1.0, end=2.0, text="Hi you.", words=words), failed=[lost]), origin=100.0
    )
    segment = result.segments[0]
    assert (segment.start, segment.end) == (101.0, 102.0)
    assert segment.words == (
        Word(text="Hi", start=101.0, end=101.5),
        Word(text="you.", start=101.5, end=102.0),
    )
    assert (result.failed[0].start, result.failed[0].end) == (105.0, 106.0)


def test_words_go_with_their_sentence_and_speaker() -> None:
    words = tuple(
        Word(text=text, start=float(n), end=n + 1.0) for n, text in enumerate(["A", "b.", "C", "d."])
    )
    turns = [SpeakerTurn(0, 3, 0), SpeakerTurn(3, 9, 1)]
    result = transcript(heard(Piece(start=0.0, end=4.0, text="A b. C d.", words=words), turns=turns))
    assert [(s.text, [w.text for w in s.words or ()]) for s in result.segments] == [
        ("A b.", ["A", "b."]),
        ("C", ["C"]),
        ("d.", ["d."]),
    ]


def test_channels_are_speakers_and_mark_their_overlap() -> None:
    left, right = (PcmTrack(path=f"{n}.pcm", samples=16000, channel=n) for n in (0, 1))
    result = transcript(
        heard(Piece(start=0.0, end=3.0, text="Left."), track=left, turns=[SpeakerTurn(0, 3, 0)]),
        heard(
            Piece(start=2.0, end=4.0, text="Right."),
            Piece(start=5.0, end=6.0, text="Alone."),
            track=right,
            turns=[SpeakerTurn(2, 4, 1), SpeakerTurn(5, 6, 1)],
        ),
    )
    assert [(s.text, s.channel, s.overlap) for s in result.segments] == [
        ("Left.", 0, True),
        ("Right.", 1, True),
        ("Alone.", 1, False),
    ]


def test_raw_text_stays_only_where_the_piece_is_whole() -> None:
    whole = Piece(start=0.0, end=1.0, text="Hi there.", raw_text="hi there")
    cut = Piece(start=2.0, end=4.0, text="One. Two.", raw_text="one two")
    result = transcript(heard(whole, cut))
    assert [segment.raw_text for segment in result.segments] == ["hi there", None, None]


def test_nothing_heard_is_an_empty_transcript() -> None:
    result = transcript(heard())
    assert (result.segments, result.speakers, result.duration) == ((), (), 60.0)


def test_a_sentence_goes_on_over_a_short_pause_and_remembers_it() -> None:
    result = transcript(
        heard(
            Piece(start=0.0, end=2.0, text="There is iron", confidence=0.5),
            Piece(start=2.5, end=4.0, text="in our blood. And", confidence=1.0),
            Piece(start=6.0, end=7.0, text="a grain."),
        )
    )
    first, second, third = result.segments
    assert (first.text, first.start, first.confidence) == ("There is iron in our blood.", 0.0, 0.75)
    assert first.phrases is not None
    assert [(phrase.text, phrase.start) for phrase in first.phrases] == [
        ("There is iron", 0.0),
        ("in our blood.", 2.5),
    ]
    # A silence of 1.5 s ends a sentence, mark or not.
    assert (second.text, third.text) == ("And", "a grain.")
    assert second.phrases is third.phrases is None


def test_chinese_pieces_are_joined_without_a_space() -> None:
    result = transcript(
        heard(Piece(start=0.0, end=1.0, text="今天天气"), Piece(start=1.2, end=2.0, text="很好。走吧。"))
    )
    assert [segment.text for segment in result.segments] == ["今天天气很好。", "走吧。"]
