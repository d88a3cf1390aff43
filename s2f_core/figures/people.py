"""Pictures of synthetic persons for pages and the terminal: contact sheets, cards, spectrograms, and sound to listen to."""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from IPython.display import HTML
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw
from plotly.colors import sample_colorscale, unlabel_rgb

from s2f_core.figures import style

PAPER_RGB, INK_RGB, WAVE_RGB = (255, 255, 255), (118, 118, 118), (0, 114, 178)
GAP_PX = 4
FRAME_PX, FRAME_RGB = 5, (0, 158, 115)
STRIP_PX = 120  # height of a waveform
SHOWN_QUALITY = 85  # of WebP, in pages
RANGE_DB = 70  # of a spectrogram, below its loudest cell

Picture = UInt8[np.ndarray, "_ _ 3"]


def contact_sheet(faces: Sequence[Picture], *, columns: int) -> Image.Image:
    """Faces of one size side by side, row by row."""
    height, width = faces[0].shape[:2]
    rows = -(-len(faces) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP_PX) - GAP_PX, rows * (height + GAP_PX) - GAP_PX), PAPER_RGB)
    for place, face in enumerate(faces):
        sheet.paste(Image.fromarray(face), (place % columns * (width + GAP_PX), place // columns * (height + GAP_PX)))
    return sheet


def stacked(kinds: Sequence[Sequence[Picture]], *, columns: int) -> list[Picture]:
    """The faces for a sheet of several kinds of picture per person: for each `columns` people a row of each kind.

    Where the people run out, a row is filled with white.
    """
    blank = np.full_like(kinds[0][0], PAPER_RGB)
    return [kind[place] if place < len(kind) else blank
            for first in range(0, len(kinds[0]), columns) for kind in kinds for place in range(first, first + columns)]


def marked(face: Picture, points: Float[np.ndarray, "landmarks 2"], *, scale: int) -> Picture:
    """A face enlarged `scale` times with its landmarks as dots."""
    image = Image.fromarray(face).resize((face.shape[1] * scale, face.shape[0] * scale), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for x, y in (points + 0.5) * scale:
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=(0, 158, 115), outline=PAPER_RGB)
    return np.asarray(image)


def framed(face: Picture) -> Picture:
    """A face with a frame around it."""
    edged = face.copy()
    for edge in (np.s_[:FRAME_PX], np.s_[-FRAME_PX:], np.s_[:, :FRAME_PX], np.s_[:, -FRAME_PX:]):
        edged[edge] = FRAME_RGB
    return edged


def waveform(samples: Float[np.ndarray, " samples"], *, width: int) -> Picture:
    """Lowest and highest sample of each column; the loudest sample reaches the edge."""
    samples = samples / max(float(np.abs(samples).max()), 1e-9)
    strip = Image.new("RGB", (width, STRIP_PX), PAPER_RGB)
    draw = ImageDraw.Draw(strip)
    for x, part in enumerate(np.array_split(samples, width)):
        low, high = (STRIP_PX / 2 * (1 - float(edge)) for edge in (part.min(), part.max()))
        draw.line((x, high, x, low), fill=WAVE_RGB)
    return np.asarray(strip)


def spectrogram(power: Float[np.ndarray, "frames freq"], *, width: int, height: int) -> Picture:
    """Power over time and frequency, low frequencies at the bottom, in decibels below the loudest cell."""
    decibels = 10 * np.log10(np.maximum(power / max(float(power.max()), 1e-20), 10 ** (-RANGE_DB / 10)))
    steps = sample_colorscale(style.SEQUENTIAL, np.linspace(0, 1, 256).tolist())
    colours = np.array([unlabel_rgb(one) for one in steps]).astype(np.uint8)
    cells = colours[np.clip((decibels / RANGE_DB + 1) * 255, 0, 255).astype(int)]
    return np.asarray(Image.fromarray(cells.transpose(1, 0, 2)[::-1]).resize((width, height), Image.Resampling.BILINEAR))


def card(faces: Sequence[Picture], sound: Sequence[Picture], lines: Sequence[str]) -> Image.Image:
    """One person on one picture: faces beside each other, what the voice looks like below, words at the foot."""
    side = max(face.shape[0] for face in faces)
    shown = [Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC) for face in faces]
    width = max(len(shown) * (side + GAP_PX) - GAP_PX, *(strip.shape[1] for strip in sound))
    line_px = 16
    height = side + sum(strip.shape[0] + GAP_PX for strip in sound) + line_px * (len(lines) + 1)
    picture = Image.new("RGB", (width, height), PAPER_RGB)
    for place, face in enumerate(shown):
        picture.paste(face, (place * (side + GAP_PX), 0))
    top = side + GAP_PX
    for strip in sound:
        picture.paste(Image.fromarray(strip), (0, top))
        top += strip.shape[0] + GAP_PX
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((GAP_PX, top + line_px * number), line, fill=INK_RGB)
    return picture


def shown(picture: Image.Image, alt: str) -> HTML:
    """A picture inside the page, with words for who cannot see it."""
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=SHOWN_QUALITY, method=4)
    content = base64.b64encode(buffer.getvalue()).decode()
    return HTML(f'<img alt="{html.escape(alt, quote=True)}" style="max-width: 100%" src="data:image/webp;base64,{content}">')


def listening(clips: Sequence[tuple[str, bytes]]) -> HTML:
    """A player for each (words, Ogg sound), inside the page: it works from a folder without a server."""
    rows = [f"<figure><figcaption>{html.escape(words)}</figcaption><audio controls preload='none' "
            f"aria-label='{html.escape(words, quote=True)}' "
            f"src='data:audio/ogg;base64,{base64.b64encode(content).decode()}'></audio></figure>"
            for words, content in clips]
    return HTML("".join(rows))
