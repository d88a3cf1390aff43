"""The inner loops over triangles and pixels, as plain Python; `compiled` turns them into machine code.

Arguments come in named tuples. Coordinates: pixels with corners at integers; depth grows away from the camera.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int32, UInt8

FAR = 1e9


class Surface(NamedTuple):
    """Triangles, and the pictures that make some of them partly transparent (texture −1: opaque).

    A pixel of a textured triangle is kept where its coverage (0–255) exceeds low + range · noise in 0–255.
    """

    triangles: Int32[np.ndarray, "triangles 3"]
    texture: Int32[np.ndarray, " triangles"]
    uvs: Float32[np.ndarray, "triangles 3 2"]
    alpha: UInt8[np.ndarray, "textures 512 512"]
    threshold: Float32[np.ndarray, "textures 2"]


class Screen(NamedTuple):
    """Per pixel: depth of the nearest triangle, its number (−1 none), and where in it (weights of corners 1 and 2)."""

    depth: Float32[np.ndarray, "height width"]
    face: Int32[np.ndarray, "height width"]
    u: Float32[np.ndarray, "height width"]
    v: Float32[np.ndarray, "height width"]


class Shadowing(NamedTuple):
    """Directions towards the sky, the side of the shadow maps in px, the box they cover, and the slack in dm."""

    directions: Float32[np.ndarray, "directions 3"]
    side: int
    low: Float32[np.ndarray, "3"]
    high: Float32[np.ndarray, "3"]
    slack: float


def covered(surface: Surface, triangle: int, weights: tuple[float, float], x: int, y: int) -> bool:
    """Say whether a textured triangle hides what is behind it at a pixel: coverage against hashed noise."""
    texture = surface.texture[triangle]
    u, v = weights
    corners = surface.uvs[triangle]
    across = corners[0, 0] + u * (corners[1, 0] - corners[0, 0]) + v * (corners[2, 0] - corners[0, 0])
    up = corners[0, 1] + u * (corners[1, 1] - corners[0, 1]) + v * (corners[2, 1] - corners[0, 1])
    across -= math.floor(across)
    up -= math.floor(up)
    coverage = surface.alpha[texture, min(511, int((1 - up) * 512)), min(511, int(across * 512))]
    noise = (x * 73856093) ^ (y * 19349663) ^ ((triangle // 2) * 83492791)
    noise = (noise ^ (noise >> 13)) * 1274126177
    return coverage >= surface.threshold[texture, 0] + surface.threshold[texture, 1] * ((noise >> 8) & 255)


def raster(points: Float32[np.ndarray, "points 3"], surface: Surface, screen: Screen) -> None:
    """Draw triangles into the screen, nearest first to stay; x, y in pixels and depth per point."""
    height, width = screen.depth.shape
    for t in range(surface.triangles.shape[0]):
        a, b, c = surface.triangles[t, 0], surface.triangles[t, 1], surface.triangles[t, 2]
        x0, y0, z0 = points[a, 0], points[a, 1], points[a, 2]
        x1, y1, z1 = points[b, 0] - x0, points[b, 1] - y0, points[b, 2] - z0
        x2, y2, z2 = points[c, 0] - x0, points[c, 1] - y0, points[c, 2] - z0
        area = x1 * y2 - x2 * y1
        if area == 0.0:
            continue
        # Only pixels whose centre lies within: most triangles of a shadow map hold none.
        left = max(0, int(math.ceil(x0 + min(0.0, x1, x2) - 0.5)))
        right = min(width - 1, int(math.floor(x0 + max(0.0, x1, x2) - 0.5)))
        top = max(0, int(math.ceil(y0 + min(0.0, y1, y2) - 0.5)))
        bottom = min(height - 1, int(math.floor(y0 + max(0.0, y1, y2) - 0.5)))
        if left > right or top > bottom:
            continue
        scale = 1 / area
        textured = surface.texture[t] >= 0
        for y in range(top, bottom + 1):
            dy = y + 0.5 - y0
            for x in range(left, right + 1):
                dx = x + 0.5 - x0
                u = (dx * y2 - x2 * dy) * scale
                v = (x1 * dy - dx * y1) * scale
                if u < -1e-6 or v < -1e-6 or u + v > 1.000001:
                    continue
                z = z0 + u * z1 + v * z2
                if z >= screen.depth[y, x] or (textured and not covered(surface, t, (u, v), x, y)):
                    continue
                screen.depth[y, x], screen.face[y, x] = z, t
                screen.u[y, x], screen.v[y, x] = u, v


def normals(points: Float32[np.ndarray, "points 3"], triangles: Int32[np.ndarray, "triangles 3"]
            ) -> Float32[np.ndarray, "points 3"]:
    """Return unit normals, the mean of the triangles around each point weighted by area."""
    found = np.zeros(points.shape, np.float32)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            cross = ((points[b, j] - points[a, j]) * (points[c, k] - points[a, k])
                     - (points[b, k] - points[a, k]) * (points[c, j] - points[a, j]))
            found[a, i] += cross
            found[b, i] += cross
            found[c, i] += cross
    for p in range(points.shape[0]):
        length = math.sqrt(found[p, 0] ** 2 + found[p, 1] ** 2 + found[p, 2] ** 2) + 1e-12
        for i in range(3):
            found[p, i] /= length
    return found


def seen_from(points: Float32[np.ndarray, "points 3"], shadowing: Shadowing, d: int, flat: Float32[np.ndarray, "points 3"]
              ) -> None:
    """Project points along direction `d` into a shadow map: x, y in its pixels, depth in dm, into `flat`."""
    dx, dy, dz = shadowing.directions[d, 0], shadowing.directions[d, 1], shadowing.directions[d, 2]
    if abs(dy) < 0.9:
        rx, ry, rz = dz, 0.0, -dx
    else:
        rx, ry, rz = 0.0, -dz, dy
    length = math.sqrt(rx * rx + ry * ry + rz * rz)
    rx, ry, rz = rx / length, ry / length, rz / length
    vx, vy, vz = dy * rz - dz * ry, dz * rx - dx * rz, dx * ry - dy * rx
    low, high = shadowing.low, shadowing.high
    cx, cy, cz = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2
    span = math.sqrt((high[0] - low[0]) ** 2 + (high[1] - low[1]) ** 2 + (high[2] - low[2]) ** 2)
    scale, middle = shadowing.side / span, shadowing.side / 2
    for p in range(points.shape[0]):
        x, y, z = points[p, 0] - cx, points[p, 1] - cy, points[p, 2] - cz
        flat[p, 0] = (x * rx + y * ry + z * rz) * scale + middle
        flat[p, 1] = (x * vx + y * vy + z * vz) * scale + middle
        flat[p, 2] = -(x * dx + y * dy + z * dz)


def visibility(points: Float32[np.ndarray, "points 3"], facing: Float32[np.ndarray, "points directions"],
               surface: Surface, shadowing: Shadowing, screen: Screen) -> Float32[np.ndarray, "points directions"]:
    """Return how much of the sky in each direction every point sees, 0–1, from one shadow map per direction.

    `facing` is the cosine between normal and direction; `screen` is scratch space of the maps' size.
    """
    found = np.zeros(facing.shape, np.float32)
    flat = np.empty(points.shape, np.float32)
    side = shadowing.side
    for d in range(shadowing.directions.shape[0]):
        seen_from(points, shadowing, d, flat)
        screen.depth[:] = FAR
        raster(flat, surface, screen)
        for p in range(points.shape[0]):
            if facing[p, d] <= -0.35:
                continue
            fx, fy = flat[p, 0] - 0.5, flat[p, 1] - 0.5
            x, y = int(math.floor(fx)), int(math.floor(fy))
            if x < 0 or y < 0 or x >= side - 1 or y >= side - 1:
                found[p, d] = 1.0
                continue
            z = flat[p, 2] - shadowing.slack * (1.0 + 2.0 * (1.0 - max(0.0, facing[p, d])))
            for oy in range(2):
                for ox in range(2):
                    if z <= screen.depth[y + oy, x + ox]:
                        found[p, d] += (fx - x if ox else 1 - fx + x) * (fy - y if oy else 1 - fy + y)
    return found


def diffuse(values: Float[np.ndarray, "points channels"], edges: Int32[np.ndarray, "edges 2"], rounds: int
            ) -> Float[np.ndarray, "points channels"]:
    """Spread values along the mesh: each round replaces a value by the mean of itself and its neighbours' mean."""
    n, channels = values.shape
    degree = np.zeros(n, np.float32)
    for e in range(edges.shape[0]):
        degree[edges[e, 0]] += 1
        degree[edges[e, 1]] += 1
    now = values.copy()
    for _ in range(rounds):
        total = np.zeros_like(now)
        for e in range(edges.shape[0]):
            for c in range(channels):
                total[edges[e, 0], c] += now[edges[e, 1], c]
                total[edges[e, 1], c] += now[edges[e, 0], c]
        for p in range(n):
            if degree[p] > 0:
                for c in range(channels):
                    now[p, c] = (now[p, c] + total[p, c] / degree[p]) / 2
    return now
