"""Arrays → HTML: faces with words for who cannot see them, sound to look at and to play, readings with their intervals."""

import base64
import html
import io
from collections.abc import Iterable

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from s2f_core.app.lookup import Reading
from s2f_core.app.sound import wav
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.data.webp import encode
from s2f_core.evaluate.intervals import Estimate
from s2f_core.figures import people
from s2f_core.show import power

WIDTH_PX, HEIGHT_PX = 640, 128  # of waveform and spectrogram
AGES = (15.0, 90.0)  # years; of the bar
QUALITY = 90  # of WebP
Picture = UInt8[np.ndarray, "side side 3"]


def block(*parts: str) -> str:
    """Parts of the page, one below the other, in the app's style."""
    return f'<div class="s2f">{"".join(parts)}</div>'


def title(words: str) -> str:
    """A heading."""
    return f"<h3>{html.escape(words)}</h3>"


def says(words: str, kind: str = "") -> str:
    """A paragraph; `kind`: 'note' for what must not be overlooked, 'error' for what went wrong."""
    return f'<p class="{f"s2f-{kind}" if kind else ""}">{html.escape(words)}</p>'


def webp(face: Picture) -> bytes:
    """A face as WebP."""
    return encode(face, quality=QUALITY)


def face(picture: bytes, caption: str, alt: str, *, large: bool = False) -> str:
    """A face, given as WebP, with a caption."""
    return (f'<figure{" class=s2f-large" if large else ""}>{_image(picture, "webp", alt)}'
            f"<figcaption>{html.escape(caption)}</figcaption></figure>")


def row(figures: Iterable[str]) -> str:
    """Figures side by side, in as many lines as they need."""
    return f'<div class="s2f-row">{"".join(figures)}</div>'


def looks(samples: Float32[np.ndarray, " samples"], name: str) -> str:
    """Waveform and spectrogram of 16 kHz samples."""
    seconds = f"{len(samples) / SAMPLE_RATE_HZ:.1f} s"
    return "".join(_image(_png(picture), "png", f"{what} of {name}, {seconds}", wide=True) for what, picture in (
        ("Waveform", people.waveform(samples, width=WIDTH_PX)),
        ("Spectrogram, 0 to 8 kHz", people.spectrogram(power(samples), width=WIDTH_PX, height=HEIGHT_PX))))


def player(samples: Float32[np.ndarray, " samples"], name: str) -> str:
    """Something to play 16 kHz samples with."""
    content = base64.b64encode(wav(samples)).decode()
    label = html.escape(f"Play {name}", quote=True)
    return f'<audio controls aria-label="{label}" src="data:audio/wav;base64,{content}"></audio>'


def bars(reading: Reading) -> str:
    """Sex and age with intervals, and what they rest on."""
    women, age = reading.woman, reading.age
    return "".join((
        says("Shown, with 95 % intervals, is what those test people of the corpus really are who were read most nearly alike. "
             "How far this holds for anybody else, nobody knows."),
        _bar("Sex, as given to the generator: women among those read alike", women, (0.0, 1.0),
             f"{women.value:.0%} [{women.low:.0%}, {women.high:.0%}] of {women.n} test people"),
        _bar("Age of those read alike", age, AGES,
             f"{age.value:.0f} years; 95 % of {age.n} test people are {age.low:.0f} to {age.high:.0f}")))


def _bar(name: str, estimate: Estimate, ends: tuple[float, float], words: str) -> str:
    low, high, value = (100 * min(max((one - ends[0]) / (ends[1] - ends[0]), 0), 1)
                        for one in (estimate.low, estimate.high, estimate.value))
    return (f'<p>{html.escape(name)}: <strong>{html.escape(words)}</strong></p><div class="s2f-bar" role="img" aria-label="'
            f'{html.escape(f"{name}: {words}", quote=True)}"><i style="left:{low:.1f}%;width:{max(high - low, 0.5):.1f}%"></i>'
            f'<b style="left:{value:.1f}%"></b></div>')


def _image(content: bytes, kind: str, alt: str, *, wide: bool = False) -> str:
    return (f'<img{" class=s2f-wide" if wide else ""} alt="{html.escape(alt, quote=True)}" '
            f'src="data:image/{kind};base64,{base64.b64encode(content).decode()}">')


def _png(picture: UInt8[np.ndarray, "height width 3"]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()
