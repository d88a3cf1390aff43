"""A face as a cartoon (Fig. 13): drawn by the library python_avatars from what was measured on the picture, nothing else.

Differs: the paper used a closed service of a telephone keyboard. What is not measured is the same in every cartoon.
"""

import base64
import html
from collections.abc import Mapping, Sequence
from typing import Any

import python_avatars
from IPython.display import HTML


def cartoon(look: Mapping[str, Any], title: str) -> str:
    """The cartoon as SVG, from colours `skin` and `hair` (#rrggbb) and whether hair is `long` or one is `bald`.

    `title` is read out to who cannot see it.
    """
    hair, top = look["hair"], python_avatars.HairType
    return python_avatars.Avatar(
        style=python_avatars.AvatarStyle.TRANSPARENT,
        top=top.STRAIGHT_1 if look["long"] else top.NONE if look["bald"] else top.SHORT_FLAT,
        eyebrows=python_avatars.EyebrowType.DEFAULT, eyes=python_avatars.EyeType.DEFAULT, nose=python_avatars.NoseType.DEFAULT,
        mouth=python_avatars.MouthType.DEFAULT, facial_hair=python_avatars.FacialHairType.NONE, skin_color=look["skin"],
        hair_color=hair, facial_hair_color=hair, accessory=python_avatars.AccessoryType.NONE,
        clothing=python_avatars.ClothingType.SHIRT_CREW_NECK, clothing_color=python_avatars.ClothingColor.HEATHER, title=title,
    ).render()  # fmt: skip


def row(cartoons: Sequence[str], alts: Sequence[str], *, width_px: int) -> HTML:
    """Cartoons side by side, each as a picture of its own, so that their ids do not meet."""
    shown = [f'<img alt="{html.escape(alt, quote=True)}" width="{width_px}" '
             f'src="data:image/svg+xml;base64,{base64.b64encode(one.encode()).decode()}">'
             for one, alt in zip(cartoons, alts, strict=True)]
    return HTML(f'<div style="display: flex; flex-wrap: wrap; gap: 4px">{"".join(shown)}</div>')
