"""Light on the head: soft sky and two lamps as a sum over directions, shadows, and light that spreads in the skin."""

import math

import numpy as np
from jaxtyping import Float32, Int32

from s2f_core.synthesis.face.compiled import compiled
from s2f_core.synthesis.face.kernels import Screen, Shadowing, Surface
from s2f_core.synthesis.face.view import View

N_SPHERE = 40  # directions on the whole sphere; those far behind the head are left out
BEHIND = -0.55
SHADOW_PX, SLACK_DM = 96, 0.035
WRAPS = (0.28, 0.12, 0.06)  # red light creeps round the terminator: scattering in skin
FILL_FOCUS = 4.0
LEVEL = 0.62  # irradiance of about 0.85 on the forehead in the canonical view
KEY_TINT, FILL_TINT, SKY_TINT = (1.02, 1.0, 0.97), (0.97, 1.0, 1.03), (0.98, 1.0, 1.02)
LUMINANCE = np.array((0.3, 0.6, 0.1), np.float32)


def sky() -> Float32[np.ndarray, "directions 3"]:
    """Return directions spread evenly over the part of the sphere that lights a face (a Fibonacci spiral)."""
    number = np.arange(N_SPHERE) + 0.5
    polar, turn = np.arccos(1 - 2 * number / N_SPHERE), math.pi * (1 + math.sqrt(5)) * number
    found = np.stack([np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)], axis=1)
    return found[found[:, 2] > BEHIND].astype(np.float32)


def unit(direction: tuple[float, float, float]) -> Float32[np.ndarray, "3"]:
    """Return a vector of length 1."""
    vector = np.asarray(direction, np.float32)
    return vector / np.linalg.norm(vector)


def lamps(view: View) -> tuple[Float32[np.ndarray, "2 3"], Float32[np.ndarray, "2 3"]]:
    """Return the directions and the colours of the key and the fill light."""
    warm = np.array([1 + view.warmth, 1, 1 - view.warmth])
    colours = np.stack([view.key_power * warm * KEY_TINT, view.fill_power * np.array(FILL_TINT)])
    return np.stack([unit(view.key), unit(view.fill)]), colours.astype(np.float32)


def shares(view: View, directions: Float32[np.ndarray, "directions 3"]) -> Float32[np.ndarray, "directions 3"]:
    """Return how key, fill and sky are spread over the directions: each column sums to 1."""
    key = np.exp(view.key_focus * (directions @ unit(view.key) - 1))
    fill = np.exp(FILL_FOCUS * (directions @ unit(view.fill) - 1))
    found = np.stack([key, fill, 0.6 + 0.4 * directions[:, 1]], axis=1)
    return (found / found.sum(0)).astype(np.float32)


def light(
    points: Float32[np.ndarray, "points 3"], normals: Float32[np.ndarray, "points 3"], surface: Surface, view: View,
    n_head: int, *, edges: Int32[np.ndarray, "edges 2"],
) -> tuple[Float32[np.ndarray, "points 3"], Float32[np.ndarray, "points 3"], Float32[np.ndarray, "points 2"]]:
    """Return irradiance, the mean direction it comes from, and how much of the two lamps each point sees.

    Args:
        points, normals: of the turned head and what hangs on it.
        surface: their triangles.
        view: its lamps.
        n_head: the first so many points are skin, in which light spreads; the others are strands lit from both sides.
        edges: of the skin's mesh.
    """
    loops, directions = compiled(), sky()
    low, high = points[:n_head].min(0), points[:n_head].max(0)
    low[1] = max(low[1], high[1] - 3.4)  # the shoulders need no shadows
    facing = np.ascontiguousarray(normals @ directions.T)
    scratch = Screen(*(np.zeros((SHADOW_PX, SHADOW_PX), kind) for kind in (np.float32, np.int32, np.float32, np.float32)))
    seen = loops.visibility(points, facing, surface, Shadowing(directions, SHADOW_PX, low, high, SLACK_DM), scratch)
    spread = shares(view, directions)
    _, colours = lamps(view)
    powers = np.concatenate([colours, view.ambient * np.array([SKY_TINT])]) * (LEVEL * view.exposure)
    radiance = (spread @ powers).astype(np.float32)
    irradiance = np.stack([(np.maximum(0, (facing + wrap) / (1 + wrap)) * seen) @ radiance[:, channel]
                           for channel, wrap in enumerate(WRAPS)], axis=1)
    strands = np.clip(0.35 + 0.65 * np.abs(facing[n_head:]), 0, 1)
    irradiance[n_head:] = (strands * seen[n_head:]) @ radiance + 0.02
    near = loops.diffuse(irradiance[:n_head], edges, 1)
    far = loops.diffuse(near, edges, 3)
    irradiance[:n_head] = near + (far - near) * np.array((0.55, 0.2, 0.0), np.float32)
    flow = (seen * (facing > 0) * (radiance @ LUMINANCE)) @ directions
    lamps_seen = seen @ spread[:, :2]
    lamps_seen[:n_head] = loops.diffuse(np.ascontiguousarray(lamps_seen[:n_head]), edges, 2)
    return np.maximum(irradiance, 0.01), flow.astype(np.float32), lamps_seen
