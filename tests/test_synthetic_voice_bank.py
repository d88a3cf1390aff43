"""The voice bank: packed, read, blended and spoken from, here with three voices that hum."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from humming_tube import vowel

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.errors import InputError
from s2f_core.synthesis.voice import build_bank, coding
from s2f_core.synthesis.voice.bank import SUFFIX, VoiceBank
from s2f_core.synthesis.voice.catalogue import load_catalogue
from s2f_core.synthesis.voice.frames import Frames
from s2f_core.synthesis.voice.parameters import VoiceParams
from s2f_core.synthesis.voice.speak import LEVEL_DB, speak


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> VoiceBank:
    """The first three voices that can be blended, saying their sentences in two languages, packed and read again."""
    folder, catalogue = tmp_path_factory.mktemp("bank"), load_catalogue()
    first = next(iter(catalogue.voices.values()))
    voices = [one for one in catalogue.voices.values() if (one.sex, one.languages) == (first.sex, first.languages)][:3]

    def hum(path: Path) -> Frames:
        number = [voice.name for voice in voices].index(path.stem.split("__")[0])
        return vowel(1.2 + 0.1 * number, 14.0 + number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build_bank, "_taken_apart", hum)
        for language in first.languages:
            said = {one: [voice.name for voice in voices]
                    for one in catalogue.sentences_of(first.name, language, held_out=False)}
            packed = build_bank.packed(build_bank.coded_language(catalogue, folder, language, said))
            (folder / f"{language}{SUFFIX}").write_bytes(packed)
    return VoiceBank.load(folder)


def params(bank: VoiceBank, **changed: object) -> VoiceParams:
    names = sorted({key[0] for key in bank.clips})
    plain = VoiceParams(f0_hz=150.0, f0_sd_st=2.0, vtl_cm=15.0, formant_shifts=(0.0,) * 4, jitter_pct=0.0, shimmer_pct=0.0,
                        breath=0.0, tremor=0.0, tilt_db_oct=0.0, tempo=1.0, base=(names[0], names[1]), blend=0.3)
    return dataclasses.replace(plain, **changed)


def said(bank: VoiceBank) -> tuple[str, str]:
    """A language of the bank and a sentence in it."""
    _, language, sentence = min(bank.clips)
    return language, sentence


def test_a_bank_says_what_it_was_packed_with(bank: VoiceBank) -> None:
    language, sentence = said(bank)
    assert bank.languages == tuple(sorted({key[1] for key in bank.clips}))
    for name in {key[0] for key in bank.clips}:
        assert bank.frames(name, language, sentence).f0_hz[:30] == pytest.approx(vowel().f0_hz[:30], rel=coding.F0_STEP)


def test_the_same_arguments_give_the_same_samples_and_another_call_another_recording(bank: VoiceBank) -> None:
    language, sentence = said(bank)
    once, again, other = (
        speak(bank, params(bank), language, (sentence,), rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once[:1000], other[:1000])
    assert np.isfinite(once).all() and 20 * np.log10(np.sqrt(np.square(once).mean())) == pytest.approx(LEVEL_DB, abs=0.1)


def test_sentences_are_joined_with_a_pause(bank: VoiceBank) -> None:
    language, sentence = said(bank)
    one, two = (speak(bank, params(bank), language, (sentence,) * n, rng=np.random.default_rng(4)) for n in (1, 2))
    assert 0.2 < len(two) / SAMPLE_RATE_HZ - 2 * len(one) / SAMPLE_RATE_HZ < 0.8


def test_a_blend_of_nothing_is_the_single_voice(bank: VoiceBank) -> None:
    language, sentence = said(bank)
    names = sorted({key[0] for key in bank.clips})
    alone = bank.frames(names[0], language, sentence)
    blended = bank.blend((names[0], names[1]), 0.0, language, sentence)
    assert np.array_equal(alone.envelope, blended.envelope)
    half = bank.blend((names[0], names[1]), 0.5, language, sentence)
    assert len(half) == len(alone) and not np.array_equal(half.envelope, alone.envelope)
    assert np.array_equal(half.f0_hz, alone.f0_hz)


def test_what_the_bank_does_not_hold_is_named(bank: VoiceBank, tmp_path: Path) -> None:
    language, sentence = said(bank)
    name = min(bank.clips)[0]
    with pytest.raises(InputError, match="no base voice 'nobody'"):
        speak(bank, params(bank, base=("nobody", "nobody")), language, (sentence,), rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="it has"):
        bank.frames(name, language, "z9")
    with pytest.raises(InputError, match="the voice speaks"):
        bank.frames(name, "tlh", sentence)
    with pytest.raises(InputError, match="at least one sentence"):
        speak(bank, params(bank), language, (), rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="no voice bank"):
        VoiceBank.load(tmp_path)
    (tmp_path / f"xx{SUFFIX}").write_bytes(b"no bank")
    with pytest.raises(InputError, match="dvc pull"):
        VoiceBank.load(tmp_path)


def test_the_catalogue_keeps_its_design() -> None:
    catalogue = load_catalogue()
    phonemes = build_bank.catalogue_phonemes()
    assert len(catalogue.voices) >= 110
    for voice in catalogue.voices.values():
        assert len(voice.languages) == 2 and len(set(voice.languages.values())) == 1
        assert sum(voice.styles.values()) == pytest.approx(1.0)
        assert 70 < voice.f0_hz < 270 and 11.5 < voice.vtl_cm < 22
    for language, sentences in catalogue.sentences.items():
        assert set(phonemes[language]) == {sentence.id for sentence in sentences}
        for sex in ("female", "male"):
            speaking = [voice for voice in catalogue.voices.values() if language in voice.languages and voice.sex == sex]
            assert len(speaking) >= 8 and any(voice.origin != language for voice in speaking)
