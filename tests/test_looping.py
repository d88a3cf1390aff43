"""Exact repetition, found in synthetic clips and not in what only looks like it."""

import numpy as np
import pytest

from s2f_core.evaluate.looping import loop_period

CLIP = 96_000


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(-3000, 3000, CLIP).astype(np.int16)


@pytest.mark.parametrize("period", [8_000, 48_000, 60_001, 94_400])
def test_a_repeated_segment_has_its_length_as_period(noise, period):
    clip = np.resize(noise[:period], CLIP)
    assert loop_period(clip) == period
    assert loop_period(clip, expected_samples=period - 1_000) == period
    assert loop_period(clip, expected_samples=period + 2_000) is None


def test_the_smallest_of_several_periods_is_found_unless_another_is_expected(noise):
    clip = np.resize(noise[:10_000], CLIP)
    assert loop_period(clip) == 10_000
    assert loop_period(clip, expected_samples=20_500) == 20_000


def test_speech_that_is_not_repeated_has_no_period(noise):
    assert loop_period(noise) is None
    assert loop_period(noise[:500]) is None


def test_one_wrong_sample_anywhere_ends_the_repetition(noise):
    clip = np.resize(noise[:50_000], CLIP)
    for place in (0, 45_999, 50_000, CLIP - 1):  # the samples from 46,000 to 49,999 occur once only
        broken = clip.copy()
        broken[place] += 1
        assert loop_period(broken) is None


def test_too_short_a_second_round_is_no_evidence(noise):
    assert loop_period(np.resize(noise[: CLIP - 1_599], CLIP)) is None
    assert loop_period(np.resize(noise[: CLIP - 1_600], CLIP)) == CLIP - 1_600


@pytest.mark.parametrize("value", [0, 7])
def test_silence_and_a_held_value_have_no_period(value):
    assert loop_period(np.full(CLIP, value, dtype=np.int16)) is None


def test_silence_at_both_ends_is_not_a_repetition(noise):
    clip = noise.copy()
    clip[:20_000] = clip[-20_000:] = 0
    assert loop_period(clip) is None


def test_a_segment_that_begins_with_silence_is_found_by_the_sound_after_it(noise):
    segment = np.concatenate([np.zeros(9_000, dtype=np.int16), noise[:40_000]])
    assert loop_period(np.resize(segment, CLIP)) == 49_000
