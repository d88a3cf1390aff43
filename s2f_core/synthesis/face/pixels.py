"""The loop over pixels: interpolate, ask the material, light it. Plain Python like `kernels`, compiled by `compiled`."""

import math

import numpy as np
from jaxtyping import Float32

from s2f_core.synthesis.face.kernels import Screen, Surface
from s2f_core.synthesis.face.shading import (
    BROW,
    EYE_LEFT,
    EYE_RIGHT,
    FRAME,
    HAIR,
    SKIN,
    TEETH,
    TONGUE,
    Lamps,
    Lit,
    Paint,
    Pixel,
    eye,
    mix,
    skin,
)

LUMINANCE = (0.3, 0.6, 0.1)


def strands(pixel: Pixel, surface: Surface, paint: Paint, colour: Float32[np.ndarray, "3"]) -> float:
    """Write the albedo of hair, brows or lashes; return the specular strength."""
    material = paint.material[pixel.triangle]
    across, up = pixel.across - math.floor(pixel.across), pixel.up - math.floor(pixel.up)
    shade = paint.shades[surface.texture[pixel.triangle], min(511, int((1 - up) * 512)), min(511, int(across * 512))]
    row = 2
    if material == HAIR:
        row, shade = 0, min(2.0, max(0.25, shade))
    elif material == BROW:
        row, shade = 1, min(1.4, max(0.6, shade))
    for i in range(3):
        colour[i] = paint.colours[row, i] * (shade if row < 2 else 1.0)
    return 0.010 if material == HAIR else 0.0


def teeth(pixel: Pixel, lit: Lit, paint: Paint, colour: Float32[np.ndarray, "3"]) -> float:
    """Write the albedo of teeth, with gaps, darker towards the back; return the specular strength."""
    x, z = mix(lit.template, pixel, 0), mix(lit.template, pixel, 2)
    gap = 1 - 0.35 * max(0.0, math.cos(x * 95)) ** 8
    depth = min(1.0, max(0.25, (z - 1.18) / 0.25))
    for i in range(3):
        colour[i] = paint.colours[3, i] * gap * depth
    return 0.02


def glint(pixel: Pixel, lit: Lit, lamps: Lamps, normal: Float32[np.ndarray, "3"], gloss: tuple[float, float]
          ) -> tuple[float, float, float]:
    """Return the reflection of both lamps (Blinn's lobe with Schlick's Fresnel factor); gloss: strength, exponent."""
    strength, power = gloss
    v0 = lamps.camera[0] - mix(lit.points, pixel, 0)
    v1 = lamps.camera[1] - mix(lit.points, pixel, 1)
    v2 = lamps.camera[2] - mix(lit.points, pixel, 2)
    length = math.sqrt(v0 * v0 + v1 * v1 + v2 * v2)
    v0, v1, v2 = v0 / length, v1 / length, v2 / length
    red, green, blue = 0.0, 0.0, 0.0
    for lamp in range(2):
        l0, l1, l2 = lamps.directions[lamp, 0], lamps.directions[lamp, 1], lamps.directions[lamp, 2]
        h0, h1, h2 = l0 + v0, l1 + v1, l2 + v2
        size = math.sqrt(h0 * h0 + h1 * h1 + h2 * h2)
        facing = (normal[0] * h0 + normal[1] * h1 + normal[2] * h2) / size
        towards = normal[0] * l0 + normal[1] * l1 + normal[2] * l2
        if facing > 0 and towards > 0:
            across = (v0 * h0 + v1 * h1 + v2 * h2) / size
            fresnel = 0.03 + 0.97 * (1 - max(0.0, across)) ** 5
            lobe = 0.6 * (power + 2) / 8 * facing**power + 0.4 * (power * 3.5 + 2) / 8 * facing ** (power * 3.5)
            amount = strength / 0.03 * fresnel * lobe * mix(lit.lamps_seen, pixel, lamp) * towards
            red += amount * lamps.colours[lamp, 0]
            green += amount * lamps.colours[lamp, 1]
            blue += amount * lamps.colours[lamp, 2]
    return red, green, blue


def material(pixel: Pixel, surface: Surface, lit: Lit, paint: Paint, scratch: Float32[np.ndarray, "3 3"]
             ) -> tuple[float, float]:
    """Write albedo (row 0) and bent normal (row 1, given the smooth one); return specular strength and exponent."""
    kind = paint.material[pixel.triangle]
    if kind == SKIN:
        return skin(pixel, lit, paint, scratch[0], scratch[1]), 20.0
    if kind in (EYE_LEFT, EYE_RIGHT):
        return eye(pixel, lit, paint, scratch[0], scratch[1]), 220.0
    if kind == TEETH:
        return teeth(pixel, lit, paint, scratch[0]), 60.0
    if kind in (TONGUE, FRAME):
        row = 7 if kind == TONGUE else 6
        for i in range(3):
            scratch[0, i] = paint.colours[row, i] * (2.2 if kind == TONGUE else 1.0)
        return 0.02 if kind == TONGUE else 0.05, 40.0
    return strands(pixel, surface, paint, scratch[0]), 16.0


def shade(screen: Screen, surface: Surface, lit: Lit, lamps: Lamps, paint: Paint) -> Float32[np.ndarray, "height width 4"]:
    """Return linear RGB times coverage, and coverage, for every pixel."""
    height, width = screen.face.shape
    out = np.zeros((height, width, 4), np.float32)
    scratch = np.zeros((3, 3), np.float32)
    for y in range(height):
        for x in range(width):
            t = screen.face[y, x]
            if t < 0:
                continue
            u, v = screen.u[y, x], screen.v[y, x]
            uvs = surface.uvs[t]
            pixel = Pixel(t, surface.triangles[t, 0], surface.triangles[t, 1], surface.triangles[t, 2], u, v,
                          uvs[0, 0] * (1 - u - v) + uvs[1, 0] * u + uvs[2, 0] * v,
                          uvs[0, 1] * (1 - u - v) + uvs[1, 1] * u + uvs[2, 1] * v)
            n0, n1, n2 = mix(lit.normals, pixel, 0), mix(lit.normals, pixel, 1), mix(lit.normals, pixel, 2)
            length = math.sqrt(n0 * n0 + n1 * n1 + n2 * n2 + 1e-12)
            n0, n1, n2 = n0 / length, n1 / length, n2 / length
            scratch[1, 0], scratch[1, 1], scratch[1, 2] = n0, n1, n2
            strength, power = material(pixel, surface, lit, paint, scratch)
            m0, m1, m2 = scratch[1, 0], scratch[1, 1], scratch[1, 2]
            length = math.sqrt(m0 * m0 + m1 * m1 + m2 * m2 + 1e-12)
            if paint.material[t] == HAIR and n2 < 0:
                length = -length  # strands have no back side
            scratch[1, 0], scratch[1, 1], scratch[1, 2] = m0 / length, m1 / length, m2 / length
            bent = 1.0
            if paint.material[t] == SKIN:
                bright = 1e-6
                turned = 0.0
                for i in range(3):
                    bright += LUMINANCE[i] * mix(lit.irradiance, pixel, i)
                    turned += (scratch[1, i] - (n0, n1, n2)[i]) * mix(lit.flow, pixel, i)
                bent = max(0.25, 1 + turned / bright)
            shine = (0.0, 0.0, 0.0)
            if strength > 0:
                shine = glint(pixel, lit, lamps, scratch[1], (strength, power))
            for i in range(3):
                out[y, x, i] = scratch[0, i] * mix(lit.irradiance, pixel, i) * bent + shine[i]
            out[y, x, 3] = 1.0
    return out
