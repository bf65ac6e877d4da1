"""The C library of espeak-ng (speak_lib.h, espeak_ng.h, sonic.h), opened anew for each text.

It keeps state between texts that nothing resets: where the flutter of the pitch is, gain, the rest of
a wave. So it is unloaded after each, which costs 3 ms and gives the same samples for the same text.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley.errors import EngineFailed

Wave = npt.NDArray[np.int16]

SAMPLE_RATE_HZ = 22050
"""Of all voices but those of MBROLA, which are not there."""

_SYNCHRONOUS = 0x0002  # AUDIO_OUTPUT_SYNCHRONOUS: samples come to the callback, and no thread is started
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT, where its data cannot be read
_UTF8 = 0x0001  # espeakCHARS_UTF8; neither espeakSSML (0x10) nor espeakPHONEMES (0x100): text is text
_END_PAUSE = 0x1000  # espeakENDPAUSE
_RATE, _WORD_GAP = 1, 7  # espeakRATE in words per minute, espeakWORDGAP in 10 ms at 175 of those
_LONGEST_PATH_BYTES = 150
"""The library cuts paths at 160 without telling, names of its files included."""

_Receive = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)

_ANEW = "install it anew: pip install --force-reinstall espeakng-loader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a text is said: `voice` is the name of a voice file, `word_gap` the silence between words in
    10 ms. With `pauses` silence follows, as between clauses: 0.15 s after a comma, 0.3 s after a sentence."""

    voice: str
    words_per_minute: int
    word_gap: int = 0
    pauses: bool = True


class EspeakLibrary:
    """Speaks texts, each as if it were the first. Not for several threads at once."""

    def __init__(self, library: str, data: str) -> None:
        self._library = library
        self._data = _short(data)

    def speak(self, text: str, manner: Manner, most: int, tell: Callable[[int], None]) -> Wave:
        """At most `most` samples at SAMPLE_RATE_HZ; `tell` hears how many there are so far.

        Raises EngineFailed where the library has no such voice, or its data is gone.
        """
        heard = bytearray()

        def receive(wave: int | None, count: int, _events: object) -> int:
            if wave and count > 0:
                heard.extend(ctypes.string_at(wave, 2 * count))
                tell(len(heard) // 2)
            return int(len(heard) >= 2 * most)

        callback = _Receive(receive)
        with _opened(self._library) as library:
            rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, self._data, _DONT_EXIT)
            library.espeak_SetSynthCallback(callback)
            try:
                if rate_hz != SAMPLE_RATE_HZ or library.espeak_SetVoiceByName(manner.voice.encode()) != 0:
                    raise EngineFailed(f"The data of espeak-ng cannot be read; {_ANEW}")
                _synthesize(library, text, manner)
            finally:
                library.espeak_Terminate()
        return np.frombuffer(bytes(heard), dtype="<i2")[:most]

    def stretch(self, wave: Wave, speed: float) -> Wave:
        """The same speech at another speed and the same pitch, by Sonic, which is part of the library."""
        wanted = int(len(wave) / speed)
        stretched = (ctypes.c_short * max(wanted, 1))()
        with _opened(self._library) as library:
            library.sonicCreateStream.restype = ctypes.c_void_p
            stream = ctypes.c_void_p(library.sonicCreateStream(SAMPLE_RATE_HZ, 1))
            library.sonicSetSpeed(stream, ctypes.c_float(speed))
            library.sonicWriteShortToStream(stream, wave.ctypes.data_as(ctypes.c_void_p), len(wave))
            library.sonicFlushStream(stream)
            count = library.sonicReadShortFromStream(stream, stretched, wanted)
            library.sonicDestroyStream(stream)
        return np.frombuffer(bytes(stretched), dtype="<i2")[:count]


def _synthesize(library: ctypes.CDLL, text: str, manner: Manner) -> None:
    # Breath is noise.
    library.espeak_ng_SetRandSeed(ctypes.c_long(1))
    library.espeak_SetParameter(_RATE, manner.words_per_minute, 0)
    library.espeak_SetParameter(_WORD_GAP, manner.word_gap, 0)
    said = text.encode()
    flags = _UTF8 | (_END_PAUSE if manner.pauses else 0)
    library.espeak_Synth(said, ctypes.c_size_t(len(said) + 1), 0, 0, 0, flags, None, None)


@contextmanager
def _opened(path: str) -> Generator[ctypes.CDLL]:
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise EngineFailed(
            f"The library of espeak-ng cannot be opened; {_ANEW}", detail=str(error)
        ) from error
    try:
        yield library
    finally:
        _ctypes.dlclose(library._handle)


def _short(path: str) -> bytes:
    """A path to the same folder that the library can keep whole."""
    given = os.fsencode(path)
    if len(given) <= _LONGEST_PATH_BYTES:
        return given
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        raise EngineFailed(
            "Parley is installed in a folder whose path is too long for espeak-ng; install it elsewhere."
        )
    # Open for as long as the process lives.
    return os.fsencode(descriptors / str(os.open(path, os.O_RDONLY)))
