"""Synthetic voices: what the vocoder is asked for is what is heard, by instruments that share no code with it."""

import dataclasses

import numpy as np
import pytest
from humming_tube import vowel

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.errors import InputError
from s2f_core.synthesis.voice import coding
from s2f_core.synthesis.voice.alignment import align, smooth_map, warped
from s2f_core.synthesis.voice.frames import N_POINTS, Frames
from s2f_core.synthesis.voice.measure import light_measure
from s2f_core.synthesis.voice.vocoder import Manner, vocode
from s2f_core.synthesis.voice.warping import own_pattern, source_hz

PLAIN = Manner(f0_hz=120.0, f0_sd_st=2.0, scale=1.0, shifts=(0.0,) * 4, jitter_pct=0.0, shimmer_pct=0.0, breath=0.0,
               tremor=0.0, tilt_db_oct=0.0, tempo=1.0)  # fmt: skip


def spoken(frames: Frames, **changed: object) -> np.ndarray:
    return vocode(frames, dataclasses.replace(PLAIN, **changed), np.random.default_rng(3))


def formant_scale(one: np.ndarray, other: np.ndarray) -> float:
    """How far up the peaks of the long-term spectrum moved."""
    scales = np.linspace(0.7, 1.4, 141)
    hz = np.linspace(250, 3800, 300)
    first, second = (np.convolve(np.abs(np.fft.rfft(wave[: SAMPLE_RATE_HZ])), np.hanning(300), "same") for wave in (one, other))
    axis = np.arange(len(first)) * 1.0
    match = [np.corrcoef(np.log(np.interp(hz, axis, first)), np.log(np.interp(hz * scale, axis, second)))[0, 1]
             for scale in scales]
    return float(scales[int(np.argmax(match))])


def test_what_is_stored_comes_back_up_to_half_a_step() -> None:
    frames = vowel()
    back = coding.decode(coding.encode(frames))
    assert np.abs(np.log(back.f0_hz[frames.f0_hz > 0] / frames.f0_hz[frames.f0_hz > 0])).max() <= coding.F0_STEP / 2 + 1e-6
    assert np.array_equal(back.f0_hz > 0, frames.f0_hz > 0)
    assert np.abs(back.noise - frames.noise).max() <= coding.NOISE_STEP / 2 + 1e-6
    assert np.sqrt(np.square(back.envelope - frames.envelope).mean()) < coding.STEPS.max() / np.sqrt(12)


@pytest.mark.parametrize("f0_hz", [90.0, 130.0, 230.0])
def test_the_pitch_asked_for_is_the_pitch_heard_by_two_instruments(f0_hz: float) -> None:
    wave = spoken(vowel(), f0_hz=f0_hz)
    assert light_measure(wave)["f0_hz"] == pytest.approx(f0_hz, rel=0.04)
    pytest.importorskip("parselmouth")
    from s2f_core.synthesis.voice.judge import praat_measure

    heard = praat_measure(wave)
    assert heard["f0_hz"] == pytest.approx(f0_hz, rel=0.02)
    assert praat_measure(spoken(vowel(), f0_hz=f0_hz, f0_sd_st=4.0))["f0_sd_st"] > 1.5 * heard["f0_sd_st"]


@pytest.mark.parametrize("scale", [0.85, 1.2])
def test_a_shorter_tract_moves_the_formants_up(scale: float) -> None:
    frames = vowel()
    assert formant_scale(spoken(frames), spoken(frames, scale=scale)) == pytest.approx(scale, abs=0.02)


def test_a_shorter_tube_is_heard_as_shorter() -> None:
    heard = [light_measure(spoken(vowel(length_cm=length)))["vtl_cm"] for length in (14.0, 16.0, 18.0)]
    assert heard == sorted(heard)


def test_formant_shifts_leave_the_length_of_the_tract_alone() -> None:
    assert own_pattern((0.03,) * 4) == pytest.approx((0.0,) * 4)
    shifted = own_pattern((0.05, -0.02, 0.01, 0.0))
    assert shifted[0] - shifted[1] == pytest.approx(0.07)
    mapped = source_hz(np.linspace(0.0, 8000.0, 50), 1.1, (0.0, 0.1, 0.0, 0.0))
    assert mapped[0] == 0 and mapped[-1] == pytest.approx(8000) and (np.diff(mapped) >= 0).all()


def test_tempo_changes_the_length_and_nothing_else_of_the_pitch() -> None:
    slow, fast = (spoken(vowel(), tempo=tempo) for tempo in (0.8, 1.25))
    assert len(slow) / len(fast) == pytest.approx(1.25 / 0.8, rel=0.01)
    assert light_measure(slow)["f0_hz"] == pytest.approx(light_measure(fast)["f0_hz"], rel=0.03)


def test_an_old_voice_is_less_regular() -> None:
    pytest.importorskip("parselmouth")
    from s2f_core.synthesis.voice.judge import praat_measure

    young, old = (praat_measure(spoken(vowel(), jitter_pct=jitter, shimmer_pct=shimmer, breath=breath))
                  for jitter, shimmer, breath in ((0.0, 0.0, 0.0), (1.5, 8.0, 0.6)))
    assert old["jitter_pct"] > young["jitter_pct"] + 0.7
    assert old["shimmer_pct"] > young["shimmer_pct"] + 4
    assert old["hnr_db"] < young["hnr_db"] - 4


def test_alignment_finds_the_frames_of_a_slower_and_longer_voice() -> None:
    places = np.concatenate([np.arange(0, 60, 0.5), np.arange(60, 100)])
    texture = np.random.default_rng(0).standard_normal((101, N_POINTS)).cumsum(axis=0).astype(np.float32) / 4
    quick = Frames(np.full(100, 100, np.float32), texture[:100], np.zeros((100, 5), np.float32))
    slow = Frames(np.full(160, 100, np.float32), warped(texture[places.astype(int)], 0.9), np.zeros((160, 5), np.float32))
    found = align(slow, quick, 0.9)
    assert np.abs(smooth_map(found.astype(float)) - places)[8:-8].mean() < 2.5


def test_silence_has_no_pitch_and_no_frames() -> None:
    from s2f_core.synthesis.voice.analysis import trim

    with pytest.raises(InputError, match="silent"):
        trim(np.zeros(16, np.float32))
    assert np.isnan(light_measure(np.random.default_rng(0).normal(0, 1e-4, 8000).astype(np.float32))["vtl_cm"])
