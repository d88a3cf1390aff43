"""Draw a person who does not exist: one identity and one view give one picture, byte for byte on one machine."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int32, UInt8

from s2f_core.errors import InputError
from s2f_core.synthesis.face import camera, complexion, light, pigments, scene
from s2f_core.synthesis.face.assets import TEETH, TONGUE, HeadPack
from s2f_core.synthesis.face.compiled import compiled
from s2f_core.synthesis.face.develop import develop
from s2f_core.synthesis.face.identity import FaceIdentity
from s2f_core.synthesis.face.kernels import FAR, Screen, Surface
from s2f_core.synthesis.face.shading import BROW, HAIR, Lamps, Lit, Paint
from s2f_core.synthesis.face.shape import eye_centres, head
from s2f_core.synthesis.face.view import CANONICAL, View

SMALLEST_PX, LARGEST_PX = 32, 1024
SAMPLES_AT_PX = 384  # samples along a side that are enough: 3 per px at 128, 2 at 224
LASH_COLOUR, TEETH_COLOUR, MOUTH_COLOUR = (0.022, 0.018, 0.016), (0.46, 0.42, 0.35), (0.10, 0.022, 0.02)
FRAME_COLOUR = (0.02, 0.018, 0.017)
MOUTH_LIGHT = {TEETH: 0.75, TONGUE: 0.4}  # least irradiance in the mouth, of the median over the head
BROW_LIFT_DM = 0.03  # towards the camera, so that the skin does not swallow them
SCALP_UNDER_HAIR, HAIRLINE_UNDER_HAIR = 0.9, 0.14  # painted only where the mesh of the hair hides its edge
EYE_REST = (0.035, -0.02)  # eyes at rest turn outwards and down a little, radians


@dataclass(frozen=True, eq=False)
class _Person:
    """What all pictures of one identity share."""

    identity: FaceIdentity
    rest: Float32[np.ndarray, "vertices 3"]
    framed: camera.Frame
    scene: scene.Scene
    skin: Float32[np.ndarray, "356 192 3"]
    detail: Float32[np.ndarray, "384 384 5"]
    colours: Float32[np.ndarray, "9 3"]
    scalp: Float32[np.ndarray, "3"]


class Renderer:
    """Draws faces from one asset pack; remembers the last person, so that a second view costs less."""

    def __init__(self, pack: HeadPack) -> None:
        """Compile or load the inner loops. Raises InputError where the extra `corpus` is not installed."""
        self._loops = compiled()
        import cv2  # an extra: only who renders faces has it

        cv2.setNumThreads(1)  # one core per process: the caller decides how many processes
        self._pack = pack
        self._edges: Int32[np.ndarray, "edges 2"] = scene.edges(pack)
        self._last: _Person | None = None

    def render(self, identity: FaceIdentity, view: View = CANONICAL, size: int = 128) -> UInt8[np.ndarray, "height width 3"]:
        """Return a square picture, RGB.

        Args:
            identity: who.
            view: how seen.
            size: side in px, 32–1024.
        """
        if not SMALLEST_PX <= size <= LARGEST_PX:
            raise InputError(f"faces are rendered at {SMALLEST_PX}–{LARGEST_PX} px, not {size}; choose a size within")
        if self._last is None or self._last.identity != identity:
            self._last = _person(self._pack, identity)
        person = self._last
        shaped = head(self._pack, identity, view.expression) if view.expression else person.rest
        placed = scene.points(self._pack, person.scene, identity, shaped)
        kept = scene.visible(person.scene, placed, eye_centres(self._pack, shaped))
        surface = person.scene.surface
        surface = surface._replace(triangles=surface.triangles[kept], texture=surface.texture[kept], uvs=surface.uvs[kept])
        material = person.scene.material[kept]
        turned = camera.turn(placed, view, person.framed).astype(np.float32)
        lit = self._lit(turned, surface, view)
        samples = max(1, math.ceil(SAMPLES_AT_PX / size))
        screen = self._draw(turned, surface, material, view, size * samples)
        paint = Paint(material, person.skin, person.detail, person.scene.shades, person.colours,
                      self._eyes(turned, view), person.scalp)
        directions, colours = light.lamps(view)
        lamps = Lamps(camera.position(view, person.framed).astype(np.float32), directions,
                      colours * np.float32(0.5 * view.exposure))
        shaded = self._loops.shade(screen, surface, lit, lamps, paint)
        return develop(shaded.reshape(size, samples, size, samples, 4).mean((1, 3)), view)

    def _lit(self, turned: Float32[np.ndarray, "points 3"], surface: Surface, view: View) -> Lit:
        normals = self._loops.normals(turned, surface.triangles)
        n_head = len(self._pack.vertices)
        irradiance, flow, seen = light.light(turned, normals, surface, view, n_head, edges=self._edges)
        typical = np.median(irradiance[:n_head], axis=0)
        for part, share in MOUTH_LIGHT.items():  # the shadow maps are too coarse for the slit between the lips
            rows = np.unique(self._pack.quads[part])
            irradiance[rows] = np.maximum(irradiance[rows], share * typical)
        template = np.zeros_like(turned)
        template[:n_head] = self._pack.vertices
        return Lit(turned, normals, template, irradiance, flow, np.ascontiguousarray(seen))

    def _draw(self, turned: Float32[np.ndarray, "points 3"], surface: Surface, material: np.ndarray, view: View, side: int
              ) -> Screen:
        """Rasterise at the size of the samples."""
        person = self._last
        seen = camera.project(turned, view, person.framed) if person else turned
        seen = (seen * (side, side, 1)).astype(np.float32)
        seen[np.unique(surface.triangles[material == BROW]), 2] -= BROW_LIFT_DM
        screen = Screen(np.full((side, side), FAR, np.float32), np.full((side, side), -1, np.int32),
                        np.zeros((side, side), np.float32), np.zeros((side, side), np.float32))
        self._loops.raster(seen, surface, screen)
        return screen

    def _eyes(self, turned: Float32[np.ndarray, "points 3"], view: View) -> Float32[np.ndarray, "2 2 3"]:
        """Centre and axis of both eyeballs."""
        axes = [light.unit((sign * EYE_REST[0] + view.gaze[0], EYE_REST[1] + view.gaze[1], 1.0)) for sign in (1, -1)]
        axes = np.stack(axes) @ camera.rotation(view).T
        return np.stack([eye_centres(self._pack, turned[:len(self._pack.vertices)]), axes], axis=1).astype(np.float32)


def _person(pack: HeadPack, identity: FaceIdentity) -> _Person:
    rest = head(pack, identity, {})
    built = scene.build_scene(pack, identity)
    colours = np.array([
        pigments.hair_colour(identity, identity.grey), pigments.brow_colour(identity), LASH_COLOUR, TEETH_COLOUR,
        pigments.iris_colour(identity), identity.cloth, FRAME_COLOUR, MOUTH_COLOUR, pigments.skin_tone(identity)], np.float32)
    haired = any(kind == HAIR for _, kind in built.hangings)
    short = (SCALP_UNDER_HAIR, max(HAIRLINE_UNDER_HAIR, identity.hairline)) if haired else (identity.scalp, identity.hairline)
    scalp = np.array([*short, identity.shine], np.float32)
    return _Person(identity, rest, camera.frame(pack, rest), built, pigments.skin_map(pack, identity),
                   complexion.detail_map(identity), colours, scalp)
