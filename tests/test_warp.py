"""The warp against SciPy's interpolator, numerical gradients and pictures whose answer is known."""

import numpy as np
import pytest
import torch
from scipy.interpolate import RBFInterpolator
from torch.autograd import gradcheck

from s2f_core.errors import InputError
from s2f_core.models.warp import LINEAR, RIDGE, THIN_PLATE, border, from_pixels, interpolate, warp

KERNELS = {LINEAR: "linear", THIN_PLATE: "thin_plate_spline"}


def points(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Points well inside the picture."""
    return torch.from_numpy(np.random.default_rng(seed).uniform(0.2, 0.8, (*shape, 2))).to(dtype)


def smooth_pictures(n_pictures: int, side: int = 64) -> torch.Tensor:
    ramp = (torch.arange(side) + 0.5) / side
    x, y = torch.meshgrid(ramp, ramp, indexing="xy")
    return torch.stack([torch.stack([x, y, (x - 0.3 * number) * y]) for number in range(n_pictures)])


@pytest.mark.parametrize("order", KERNELS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_scipys_interpolator(order, dtype):
    control, values, queries = (points(2, n, seed=seed, dtype=dtype) for seed, n in enumerate((12, 12, 30)))
    found = interpolate(control, values, queries, order)
    assert found.dtype == dtype
    for one in range(2):
        theirs = RBFInterpolator(control[one], values[one], kernel=KERNELS[order], degree=1, smoothing=RIDGE)(queries[one])
        np.testing.assert_allclose(found[one], theirs, atol=1e-9 if dtype == torch.float64 else 1e-6)


@pytest.mark.parametrize(("order", "tolerance"), [(LINEAR, 1e-4), (THIN_PLATE, 1e-3)])
def test_the_ridge_moves_no_value_by_much(order, tolerance):
    control, values = points(3, 68), points(3, 68, seed=1) / 20
    torch.testing.assert_close(interpolate(control, values, control, order), values, atol=tolerance, rtol=0)


@pytest.mark.parametrize("order", KERNELS)
def test_an_affine_map_is_carried_on_exactly(order):
    control, queries = points(1, 9), 3 * points(1, 20, seed=1)
    matrix = torch.tensor([[1.2, -0.3], [0.1, 0.7]], dtype=torch.float64)
    torch.testing.assert_close(interpolate(control, control @ matrix + 0.5, queries, order), queries @ matrix + 0.5)


@pytest.mark.parametrize("order", KERNELS)
def test_coincident_points_take_the_mean_of_their_values(order):
    control, values = points(1, 10), points(1, 10, seed=1)
    twice = torch.cat([control, control[:, :1]], dim=1).requires_grad_()
    split = torch.cat([values, values[:, :1] + 0.1], dim=1)
    split[:, 0] -= 0.1
    found = interpolate(twice, split, twice, order)
    torch.testing.assert_close(found[:, [0, -1]], values[:, [0, 0]], atol=1e-4, rtol=0)
    torch.testing.assert_close(found, interpolate(control, values, twice, order), atol=1e-4, rtol=0)
    found.square().sum().backward()
    assert twice.grad.isfinite().all()


@pytest.mark.parametrize("order", KERNELS)
def test_gradients_of_the_spline(order):
    inputs = [points(2, 5), points(2, 5, seed=1), points(2, 3, seed=2)]
    assert gradcheck(lambda *given: interpolate(*given, order), [one.requires_grad_() for one in inputs])


@pytest.mark.parametrize("order", KERNELS)
@pytest.mark.parametrize("step_px", [1, 3])
def test_gradients_of_the_warp(order, step_px):
    pictures = torch.from_numpy(np.random.default_rng(3).normal(size=(2, 1, 7, 6)))
    source, target = points(2, 4), points(2, 4) + 0.1 * points(2, 4, seed=5)
    inputs = [one.requires_grad_() for one in (pictures, source, target)]
    assert gradcheck(lambda *given: warp(*given, order=order, step_px=step_px), inputs)


def test_the_gradient_is_finite_where_nothing_moves():
    """At the start of training: predicted landmarks are the mean ones, and queries may lie on control points."""
    target = from_pixels(torch.tensor([[[3.0, 4.0], [9.0, 4.0], [6.0, 10.0]]]), 16).requires_grad_()
    pictures = smooth_pictures(1, 16)
    same = warp(pictures, target.detach(), target)
    torch.testing.assert_close(same, pictures)
    same.square().sum().backward()
    assert target.grad.isfinite().all() and target.grad.abs().max() > 0


@pytest.mark.parametrize("step_px", [1, 4])
def test_what_was_at_the_source_is_shown_at_the_target(step_px):
    """The picture's colours are its own coordinates: at each target point it must show those of the source."""
    old = torch.tensor([[[20.0, 20.0], [44.0, 20.0], [32.0, 44.0]], [[20.0, 21.0], [40.0, 24.0], [32.0, 48.0]]])
    source = from_pixels(old, 64)
    pixels = torch.tensor([[[22.0, 24.0], [41.0, 18.0], [30.0, 40.0]], [[20.0, 20.0], [44.0, 20.0], [32.0, 44.0]]])
    warped = warp(smooth_pictures(2), source, from_pixels(pixels, 64), step_px=step_px)
    for one in range(2):
        shown = torch.stack([warped[one, :2, int(y), int(x)] for x, y in pixels[one]])
        torch.testing.assert_close(shown, source[one], atol=1e-4 if step_px == 1 else 0.02, rtol=0)
    edge = torch.tensor([0.5 / 64, 63.5 / 64])
    torch.testing.assert_close(warped[:, :2, [0, -1], [0, -1]], edge.expand(2, 2, 2), atol=2e-3, rtol=0)


def test_there_and_back_again_is_the_picture():
    pictures, here, there = smooth_pictures(2), points(2, 6, dtype=torch.float32), points(2, 6, dtype=torch.float32)
    there = there + 0.03 * points(2, 6, seed=9, dtype=torch.float32)
    back = warp(warp(pictures, here, there), there, here)
    assert (back - pictures).abs().mean() < 0.003 < (warp(pictures, here, there) - pictures).abs().mean()


@pytest.mark.parametrize("step_px", [1, 4])
def test_one_target_for_all_is_the_same_target_for_each(step_px):
    pictures, source = smooth_pictures(3), points(3, 8, dtype=torch.float32)
    target = points(1, 8, seed=1, dtype=torch.float32)
    shared = warp(pictures, source, target, step_px=step_px)
    torch.testing.assert_close(shared, warp(pictures, source, target.expand(3, -1, -1), step_px=step_px), atol=1e-6, rtol=0)
    for one in range(3):
        alone = warp(pictures[one : one + 1], source[one : one + 1], target, step_px=step_px)
        torch.testing.assert_close(shared[one : one + 1], alone, atol=1e-6, rtol=0)
    both = warp(pictures, source[:1], target)
    torch.testing.assert_close(both, warp(pictures, source[:1].expand(3, -1, -1), target), atol=1e-6, rtol=0)


def test_a_coarse_grid_errs_where_landmarks_are_and_little():
    """On twelve points that move by up to 4 px of 64; the picture's colours are coordinates, so errors are in sides."""
    source = points(4, 12, dtype=torch.float32)
    target = source + (points(4, 12, seed=1, dtype=torch.float32) - 0.5) / 5
    pictures = smooth_pictures(4)[:, :2]
    exact = warp(pictures, source, target)
    errors = {step: 64 * (warp(pictures, source, target, step_px=step) - exact).abs() for step in (2, 4, 8)}
    assert errors[2].mean() < errors[4].mean() < errors[8].mean()
    assert errors[4].mean() < 0.1 and errors[4].max() < 4
    assert 64 * (exact - pictures).abs().mean() > 0.5


def test_a_face_without_landmarks_spoils_no_other():
    pictures, source, target = smooth_pictures(2), points(2, 5), points(2, 5, seed=1)
    alone = warp(pictures[1:], source[1:], target[1:])
    source[0] = target[0] = float("nan")
    torch.testing.assert_close(warp(pictures, source, target)[1:], alone)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_pictures_are_sampled_in_float32(dtype):
    pictures, source, target = smooth_pictures(1).to(dtype), points(1, 5, dtype=torch.float32), points(1, 5, seed=1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        warped = warp(pictures, source, target.float())
    assert warped.dtype == torch.float32
    torch.testing.assert_close(warped, warp(pictures.float(), source, target.float()))


def test_the_border_is_a_closed_ring_of_points():
    ring = border()
    assert ring.shape == (16, 2) and len(ring.unique(dim=0)) == 16
    assert ((ring == 0) | (ring == 1)).any(dim=1).all()
    torch.testing.assert_close((ring - ring.roll(1, dims=0)).norm(dim=1), torch.full((16,), 0.25))


def test_pixels_become_fractions_of_the_side():
    ends = from_pixels(torch.tensor([[-0.5, 127.5], [63.5, 0.0]]), 128)
    torch.testing.assert_close(ends, torch.tensor([[0.0, 1.0], [0.5, 0.5 / 128]]))


def test_what_has_no_solution_says_so():
    line = torch.tensor([[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]])
    with pytest.raises(InputError, match="all control points lie on one line"):
        interpolate(line, line, line)
    almost = line + line.new_tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 1e-3], [0.0, 0.0]])
    torch.testing.assert_close(interpolate(almost, almost, line), line)
    with pytest.raises(InputError, match="needs 3 control points; got 2"):
        interpolate(line[:, :2], line[:, :2], line)
    with pytest.raises(InputError, match="order is 1 .linear. or 2 .thin plate., not 3"):
        interpolate(line, line, line, 3)
    with pytest.raises(InputError, match="at least 1 px wide, not 0"):
        warp(smooth_pictures(1), line, line, step_px=0)


def test_points_that_are_no_numbers_spoil_their_own_picture_only():
    """Backwards through them PyTorch's sampling would end the process, before any loss could be looked at."""
    pictures, target = smooth_pictures(2).float(), points(1, 5, dtype=torch.float32)
    source = (target + 0.02).repeat(2, 1, 1)
    alone = warp(pictures[1:], source[1:], target.repeat(1, 1, 1))
    source[0, 2] = torch.nan
    source.requires_grad_()
    warped = warp(pictures, source, target.repeat(2, 1, 1))
    torch.testing.assert_close(warped[1:], alone)
    warped.sum().backward()
    assert source.grad[1].isfinite().all()
