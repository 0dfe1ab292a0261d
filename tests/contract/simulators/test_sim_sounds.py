"""Voices and music below the wire: who says what, the tones where no synthesiser is, beds of an exact length."""

import numpy as np
import pytest

from simulators.sounding.bed import BED_RATE_HZ, bed
from simulators.sounding.espeak import speak
from simulators.sounding.speech import SPEECH_RATE_HZ, lines_of, say, syllables, voice_of
from simulators.world.errors import SpeechUnavailable

DIALOGUES = [
    # text, voices, who says what
    ("Hello.", 1, [(0, "Hello.")]),
    ("@音频1 Hi there! @音频2 Hello!", 2, [(0, "Hi there!"), (1, "Hello!")]),
    ("It rained. @音频2 Hello!", 2, [(0, "It rained."), (1, "Hello!")]),  # what has no prefix is the first's
    ("@音频3 Hello!", 2, [(1, "Hello!")]),  # a voice that was not ordered is the last one
]


@pytest.mark.parametrize(("text", "voices", "lines"), DIALOGUES)
def test_each_line_has_its_voice(text, voices, lines):
    assert lines_of(text, voices) == lines


def test_a_dialogue_is_as_long_as_its_lines_and_pauses():
    warm, calm = (voice_of({"type": "speaker", "id": name}) for name in ("zh_female_warm", "zh_male_calm"))
    alone = [say("你好。", [warm]), say("再见。", [calm])]
    both = say("@音频1 你好。@音频2 再见。", [warm, calm])
    # The synthesiser breathes by chance: two readings of a line differ by a few samples.
    assert len(both) == pytest.approx(sum(map(len, alone)), abs=300)


@pytest.mark.parametrize("text", ["清晨的城市慢慢醒来,你好。", "The city wakes.", "…"])
def test_without_a_synthesiser_syllables_of_tone_are_heard_in_the_texts_rhythm(text):
    tones = syllables(text, pitch=50, speed=1.0)
    assert len(tones) > 0.2 * SPEECH_RATE_HZ
    assert len(syllables(text, pitch=50, speed=2.0)) == pytest.approx(len(tones) / 2, abs=len(text))
    if text[0] != "…":
        assert np.abs(tones).max() > 2000


def test_a_language_nobody_speaks_is_an_error_of_its_own():
    with pytest.raises(SpeechUnavailable):
        speak("hello", voice="klingon-battle")


@pytest.mark.parametrize("seconds", [0.5, 3.0, 10.25])
def test_a_bed_is_exact_to_the_sample_and_the_same_for_the_same_words(seconds):
    first, again, other = bed("rain", seconds), bed("rain", seconds), bed("storm", seconds)
    assert first.shape == (round(seconds * BED_RATE_HZ), 2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert 5000 < np.abs(first.astype(int)).max() < 20_000
    assert abs(int(first[0, 0])) < 50, "it fades in"
    assert abs(int(first[-1, 0])) < 50, "and out"
