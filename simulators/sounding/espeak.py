"""espeak-ng by ctypes: text in, mono 16-bit samples out. The library keeps one global state: one call at a time."""

import ctypes
import importlib
import threading
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulators.world.errors import SpeechUnavailable

_SYNCHRONOUS: Final = 2  # AUDIO_OUTPUT_SYNCHRONOUS: the callback is called inside espeak_Synth
_UTF8: Final = 1
_RATE, _VOLUME, _PITCH = 1, 2, 3
_NORMAL_WORDS_PER_MINUTE: Final = 170
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

_one_at_a_time = threading.Lock()


@lru_cache(maxsize=1)
def _library() -> tuple[Any, int]:
    """Return the loaded library and its sample rate in Hz."""
    try:
        espeakng_loader = importlib.import_module("espeakng_loader")  # optional: without it voices are tones
    except ImportError as error:
        raise SpeechUnavailable("espeakng-loader is not installed") from error
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0)
    if rate_hz <= 0:
        raise SpeechUnavailable("espeak-ng could not be initialised")
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int,
        ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p,
    ]  # fmt: skip
    return library, int(rate_hz)


def speak(text: str, *, voice: str, pitch: int = 50, speed: float = 1.0) -> tuple[NDArray[np.int16], int]:
    """Return `text` spoken: mono samples and their rate in Hz.

    Args:
        text: What to say.
        voice: The synthesiser's voice, `cmn+f3` say.
        pitch: 0..99, 50 is the voice's own.
        speed: 1.0 is normal.

    Raises:
        SpeechUnavailable: The library is missing or knows no such voice.
    """
    with _one_at_a_time:
        library, rate_hz = _library()
        chunks: list[bytes] = []

        def collect(samples: Any, count: int, _: Any) -> int:
            if samples and count > 0:
                chunks.append(ctypes.string_at(samples, count * 2))
            return 0

        callback = _Callback(collect)  # held until the call is over
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SpeechUnavailable(f"no voice {voice}")
        words_per_minute = max(80, min(450, int(_NORMAL_WORDS_PER_MINUTE * speed)))
        for parameter, value in ((_RATE, words_per_minute), (_VOLUME, 100), (_PITCH, max(0, min(99, pitch)))):
            library.espeak_SetParameter(parameter, value, 0)
        spoken = text.encode()
        if library.espeak_Synth(spoken, len(spoken) + 1, 0, 0, 0, _UTF8, None, None) != 0:
            raise SpeechUnavailable("espeak-ng refused the text")
    return np.frombuffer(b"".join(chunks), dtype=np.int16), rate_hz
