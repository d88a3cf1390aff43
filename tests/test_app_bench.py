"""The voice bench: the same setting is the same sound, every slider acts, and no base voice is bent beyond its reach."""

import dataclasses

import numpy as np
import pytest
from checkout import ROOT

from s2f_core.app import bench
from s2f_core.synthesis.voice.catalogue import load_catalogue

DATA = ROOT / "data"
VOICES = {voice.name: voice for language in bench.LANGUAGES for voice in bench.base_voices(language)}
USUAL = bench.unchanged("bf_alice", "en-gb")


def strongest_hz(samples: np.ndarray) -> float:
    """Median pitch of the loud parts, by autocorrelation between 70 and 400 Hz."""
    frames = samples[: len(samples) // 640 * 640].reshape(-1, 640)
    loud = frames[np.square(frames).mean(1) > np.square(frames).mean()]
    spectrum = np.fft.rfft(loud * np.hanning(640), 2048)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[:, 40:229]
    return float(np.median(16_000 / (40 + likeness.argmax(1))))


def test_the_same_setting_is_the_same_sound() -> None:
    np.testing.assert_array_equal(bench.say(USUAL, DATA), bench.say(USUAL, DATA))


@pytest.mark.parametrize(("name", "value"), [("f0_hz", 150.0), ("vtl_cm", 18.0), ("breath", 0.7), ("tempo", 1.2)])
def test_every_slider_is_heard(name: str, value: float) -> None:
    before, after = bench.say(USUAL, DATA), bench.say(dataclasses.replace(USUAL, **{name: value}), DATA)
    if name == "tempo":
        assert len(after) == pytest.approx(len(before) / value, rel=0.01)
    else:
        assert len(after) == len(before) and np.abs(after - before).max() > 0.01


@pytest.mark.parametrize("f0_hz", [120.0, 160.0, 240.0])
def test_the_pitch_that_is_set_is_the_pitch_that_is_heard(f0_hz: float) -> None:
    assert strongest_hz(bench.say(dataclasses.replace(USUAL, f0_hz=f0_hz), DATA)) == pytest.approx(f0_hz, rel=0.08)


@pytest.mark.parametrize("name", VOICES)
def test_a_base_voice_starts_inside_its_limits_and_says_a_sentence_in_each_language(name: str) -> None:
    for language in VOICES[name].languages:
        start = bench.unchanged(name, language)
        for value, (low, high), adults in zip((start.f0_hz, start.vtl_cm), bench.limits(name),
                                              (bench.ADULT_F0_HZ, bench.ADULT_VTL_CM), strict=True):
            assert adults[0] <= low <= value <= high <= adults[1] and low < high
        assert bench.sentence(start)[1]


def test_another_language_keeps_the_voice_that_speaks_it_and_else_its_sex() -> None:
    for name, voice in VOICES.items():
        for language in bench.LANGUAGES:
            followed = bench.follow(name, language)
            assert (followed == name) == (language in voice.languages)
            assert VOICES[followed].sex == voice.sex and language in VOICES[followed].languages


def test_the_menu_offers_every_language_of_the_bank() -> None:
    everybody = load_catalogue().voices
    assert set(bench.LANGUAGES) == {language for voice in everybody.values() for language in voice.languages}
    assert len(everybody) - 6 < len(VOICES) < len(everybody)  # a few have a tract longer or shorter than the corpus' adults
