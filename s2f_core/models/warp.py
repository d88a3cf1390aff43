"""Differentiable image warp by polyharmonic splines, as the face decoder of the paper uses it (Sec. 3; Cole et al. 2017).

Coordinates are fractions of the picture's sides, x then y: 0 and 1 are its outer edges, so that a picture of any size
has the same landmarks. The centre of pixel i of n lies at (i + 0.5) / n; dlib counts pixel centres (`from_pixels`).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from s2f_core.errors import InputError

LINEAR, THIN_PLATE = 1, 2  # order of the spline: kernel r, or r² log r; Cole et al. 2017 use the linear one (unverified)
RIDGE = 1e-6  # added to the kernel's diagonal, in sides; ours: see `interpolate`
FLAT = 1e-12  # width² / length² below which points lie on one line; ours
BORDER_INTERVALS = 4  # between control points along each edge of the picture: 16 points in all; Unstated, ours


def from_pixels(points: Float[Tensor, "*axes 2"], side_px: int) -> Float[Tensor, "*axes 2"]:
    """Turn dlib's pixels (0 is the centre of the first pixel) of a square picture into fractions of its side."""
    return (points + 0.5) / side_px


def interpolate(
    control: Float[Tensor, "batch points 2"],
    values: Float[Tensor, "batch points channels"],
    queries: Float[Tensor, "batch queries 2"],
    order: int = LINEAR,
) -> Float[Tensor, "batch queries channels"]:
    """Evaluate at `queries` the polyharmonic spline with an affine part that takes `values` at the `control` points.

    It is TensorFlow's `interpolate_spline`, which Cole et al. 2017 name, and SciPy's `RBFInterpolator(degree=1,
    smoothing=RIDGE)`. The ridge is a stated regularisation: it moves the value at a point by RIDGE times the point's
    weight (below 1e-4 pixels of 128 for faces), and where control points coincide, as the lips of a closed mouth do,
    the spline passes through the mean of their values instead of having no solution. (Points nearer than RIDGE, with
    THIN_PLATE than about a thousandth of the side, are drawn to their mean too.)
    Solved and evaluated in float64, whatever comes: near points make the system stiff, and it is small. NaN spoils only
    its own element of the batch. Gradients are finite everywhere; where a query lies on a control point, at the
    kernel's kink, the kernel's own is taken as zero.

    Args:
        control: coordinates in sides of the picture, at least three, not all on one line.
        queries: in the same coordinates.
        order: LINEAR or THIN_PLATE.

    Returns: in the dtype of `values`.
    Raises: InputError for another order, for fewer than three points and for points on one line.
    """
    n_points = control.shape[1]
    if order not in (LINEAR, THIN_PLATE):
        raise InputError(f"a spline's order is {LINEAR} (linear) or {THIN_PLATE} (thin plate), not {order}; choose one")
    if n_points < 3:
        raise InputError(f"a spline with an affine part needs 3 control points; got {n_points}; give more")
    control, queries = control.double(), queries.double()
    if _on_one_line(control.detach()):
        raise InputError("all control points lie on one line, which fixes no affine part; add one off it")
    affine = _affine(control)
    ridge = RIDGE * torch.eye(n_points, dtype=torch.float64, device=control.device)
    top = torch.cat([_kernel(control, control, order) + ridge, affine], dim=2)
    bottom = torch.cat([affine.mT, affine.new_zeros(len(affine), 3, 3)], dim=2)
    wanted = functional.pad(values.double(), (0, 0, 0, 3))
    weights = torch.linalg.solve(torch.cat([top, bottom], dim=1), wanted)
    return torch.cat([_kernel(queries, control, order), _affine(queries)], dim=2).matmul(weights).to(values.dtype)


def _affine(points: Float[Tensor, "batch points 2"]) -> Float[Tensor, "batch points 3"]:
    return functional.pad(points, (0, 1), value=1.0)


def _on_one_line(points: Float[Tensor, "batch points 2"]) -> bool:
    """Whether any element's points do, up to rounding."""
    spread = points - points.mean(dim=1, keepdim=True)
    xx, xy, yy = ((spread[..., i] * spread[..., j]).sum(dim=1) for i, j in ((0, 0), (0, 1), (1, 1)))
    return bool((xx * yy - xy.square() <= FLAT * (xx + yy).square()).any())


def _kernel(
    rows: Float[Tensor, "batch rows 2"], columns: Float[Tensor, "batch columns 2"], order: int
) -> Float[Tensor, "batch rows columns"]:
    """The kernel with the sign that makes it conditionally positive, so that a ridge is added and not subtracted."""
    # Not by the matrix product, which loses the digits of small distances. Its gradient at zero distance is zero.
    distance = torch.cdist(rows, columns, compute_mode="donot_use_mm_for_euclid_dist")
    if order == LINEAR:
        return -distance
    return distance.square() * distance.clamp(min=torch.finfo(distance.dtype).tiny).log()


def border(device: torch.device | None = None) -> Float[Tensor, "border 2"]:
    """Return control points evenly spaced around the picture's edge, which hold it still (Cole et al. 2017)."""
    steps = torch.arange(BORDER_INTERVALS, device=device) / BORDER_INTERVALS
    top = torch.stack([steps, torch.zeros_like(steps)], dim=1)
    right = torch.stack([torch.ones_like(steps), steps], dim=1)
    return torch.cat([top, right, 1 - top, 1 - right])


def warp(
    images: Float[Tensor, "batch channels height width"],
    source: Float[Tensor, "#batch points 2"],
    target: Float[Tensor, "#batch points 2"],
    *,
    order: int = LINEAR,
    step_px: int = 1,
) -> Float[Tensor, "batch channels height width"]:
    """Move what the pictures show at the `source` points to the `target` points, and what lies around with it.

    Backward: each output pixel asks the spline through the displacements source − target at the target points (and
    zero on the border) where to look; bilinear sampling; outside the picture its edge goes on. Differentiable in all
    three. TensorFlow's `sparse_image_warp`, which follows Cole et al. 2017.

    Where `target` is one set of points for all pictures (batch of 1), one system and one kernel serve them all: the
    displacements of the pictures become its channels.

    Args:
        source, target: fractions of the picture's sides; either may be one set for the whole batch.
        step_px: distance of the grid on which the spline is evaluated, then interpolated linearly. 1 is exact. The
            spline bends only at its control points, so that 4 does for most of the picture: on the corpus's faces of
            128 px (68 points, displacements up to 10 px) it errs by 0.02 px on average and by less than 0.3 px at 99 %
            of the pixels, 0.2 grey levels of 255; but by up to 4 px where landmarks within a pixel of each other part,
            as lips do. A face takes 1 instead of 19 ms on one core.

    Returns: pictures in float32 (float64 where they came so): coordinates have too few digits in less. Points that are not
        finite give a picture that means nothing; they are for the loss to refuse.
    Raises: InputError for a step below one pixel, and what `interpolate` raises.
    """
    if step_px < 1:
        raise InputError(f"the grid of a warp is at least 1 px wide, not {step_px}; use 1 for the exact warp")
    height, width = images.shape[2:]
    rows, columns = (_grid(size, step_px, images.device) for size in (height, width))
    queries = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=2).flatten(0, 1)
    coarse = _displacement(source, target, queries, order).mT.unflatten(2, (len(rows), len(columns)))
    shift = functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=True)
    centres = torch.stack(torch.meshgrid(_grid(width, 1, images.device), _grid(height, 1, images.device), indexing="xy"))
    dtype = torch.promote_types(images.dtype, torch.float32)
    places = (2 * (centres + shift) - 1).permute(0, 2, 3, 1).to(dtype).expand(len(images), -1, -1, -1)
    places = places.nan_to_num(0.0, 0.0, 0.0)  # backwards through a place that is none, `grid_sample` reads foreign memory
    return functional.grid_sample(images.to(dtype), places, padding_mode="border", align_corners=False)


def _grid(size: int, step_px: int, device: torch.device) -> Float[Tensor, " points"]:
    """Evenly spaced points from the first to the last pixel's centre, both included, at most `step_px` apart."""
    n_points = 1 + math.ceil((size - 1) / step_px)
    return torch.linspace(0.5 / size, 1 - 0.5 / size, n_points, dtype=torch.float64, device=device)


def _displacement(
    source: Float[Tensor, "#batch points 2"], target: Float[Tensor, "#batch points 2"], queries: Tensor, order: int
) -> Float[Tensor, "batch queries 2"]:
    """How far from each query the source lies, in fractions of the sides, in float64."""
    still = border(target.device).to(torch.float64)
    control = torch.cat([target.double(), still.expand(len(target), -1, -1)], dim=1)
    values = functional.pad(source.double() - target.double(), (0, 0, 0, len(still)))
    if len(target) == 1:
        flat = interpolate(control, values.transpose(0, 1).flatten(1)[None], queries[None], order)[0]
        return flat.unflatten(1, (len(values), 2)).transpose(0, 1)
    return interpolate(control, values, queries.expand(len(values), -1, -1), order)
