"""Recordings of synthetic voices: rooms, microphones and noise that do what they say, and words counted right."""

import dataclasses
import json

import numpy as np
import pytest
from humming_tube import vowel

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.synthesis.voice.judge import word_distance, words
from s2f_core.synthesis.voice.room import NOISES, Condition, record, sample_condition
from s2f_core.synthesis.voice.vocoder import Manner, vocode

DEAD = Condition(rt60_s=0.0, distance_m=0.3, low_cut_hz=0.0, high_cut_hz=0.0, mic_tilt_db_oct=0.0, noise="none", snr_db=30.0,
                 level_db=-26.0, drive=0.0)  # fmt: skip


@pytest.fixture(scope="module")
def clean() -> np.ndarray:
    return vocode(vowel(), Manner(120.0, 2.0, 1.0, (0.0,) * 4, 0.5, 2.0, 0.1, 0.0, 0.0, 1.0), np.random.default_rng(0))


def heard(clean: np.ndarray, seed: int = 0, **changed: object) -> np.ndarray:
    return record(clean, dataclasses.replace(DEAD, **changed), rng=np.random.default_rng(seed))


def db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.square(samples.astype(np.float64)).mean()))


def test_a_dead_silent_room_changes_nothing_but_the_level(clean: np.ndarray) -> None:
    same = heard(clean)
    assert same == pytest.approx(clean * (same @ clean) / (clean @ clean), abs=1e-6)
    assert db(same) == pytest.approx(-26, abs=0.01)


@pytest.mark.parametrize("noise", [noise for noise in NOISES if noise != "none"])
def test_noise_has_the_power_asked_for(clean: np.ndarray, noise: str) -> None:
    noisy = heard(clean, noise=noise, snr_db=10.0)
    voice = clean * (noisy @ clean) / (clean @ clean)
    assert db(voice) - db(noisy - voice) == pytest.approx(10, abs=0.5)


def test_a_room_goes_on_sounding_and_a_farther_one_louder(clean: np.ndarray) -> None:
    click = np.zeros(SAMPLE_RATE_HZ // 2, np.float32)
    click[0] = 1.0
    near, far = (heard(click, rt60_s=0.4, distance_m=metres) for metres in (0.3, 1.5))
    tails = [np.square(one[1:].astype(np.float64)).sum() / float(one[0]) ** 2 for one in (near, far)]
    assert tails[1] / tails[0] == pytest.approx(25, rel=0.2)
    early, late = np.square(far[800:2400]).mean(), np.square(far[4000:5600]).mean()
    assert 10 * np.log10(early / late) == pytest.approx(60 * 0.2 / 0.4, abs=8)
    assert len(heard(clean, rt60_s=0.4)) == len(clean)


def test_a_telephone_has_no_top_and_no_bottom(clean: np.ndarray) -> None:
    spectra = [np.abs(np.fft.rfft(one)) ** 2 for one in (heard(clean), heard(clean, low_cut_hz=300.0, high_cut_hz=3400.0))]
    hz = np.fft.rfftfreq(len(clean), 1 / SAMPLE_RATE_HZ)
    gain = {name: 10 * np.log10(spectra[1][band].sum() / spectra[0][band].sum())
            for name, band in {"low": hz < 150, "middle": (hz > 500) & (hz < 2500), "high": hz > 6000}.items()}
    assert gain["low"] < gain["middle"] - 6 and gain["high"] < gain["middle"] - 15


def test_conditions_survive_json_and_every_recording_is_sound(clean: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        condition = sample_condition(rng)
        assert Condition(**json.loads(json.dumps(dataclasses.asdict(condition)))) == condition
        once, again = (record(clean, condition, rng=np.random.default_rng(1)) for _ in range(2))
        assert np.array_equal(once, again) and once.dtype == np.float32
        assert np.isfinite(once).all() and np.abs(once).max() < 1 and db(once) <= condition.level_db + 0.01


def test_silence_stays_silent() -> None:
    condition = dataclasses.replace(DEAD, rt60_s=0.3, noise="pink")
    assert not record(np.zeros(8_000, np.float32), condition, rng=np.random.default_rng(0)).any()


def test_words_are_counted_as_recognisers_are_judged() -> None:
    assert words("The co-op's doors, CLOSED!") == ["the", "co", "op's", "doors", "closed"]
    assert word_distance(words("a b c d"), words("a x c d e")) == 2
    assert word_distance(words("a b"), []) == 2
