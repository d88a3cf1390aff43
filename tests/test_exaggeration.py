"""Exaggeration on faces whose mean, variance and factor are set by hand."""

import numpy as np
import pytest
from PIL import Image

from s2f_core.errors import InputError
from s2f_core.evaluate.exaggeration import (
    N_BLOCKS,
    PixelMoments,
    factor,
    person_blocks,
    spread_ratio,
    variance_kept,
)
from s2f_core.evaluate.intervals import bootstrap


@pytest.fixture
def faces():
    return np.random.default_rng(0).normal(size=(200, 8)) * np.arange(1, 9) + 50


def test_shrunken_faces_keep_the_square_of_the_shrinkage(faces):
    kept = variance_kept(faces, 0.5 * faces + 3, seed=0)
    assert (kept.value, kept.low, kept.high, kept.n) == (*[pytest.approx(0.25)] * 3, 200)


def test_variance_kept_is_the_ratio_of_total_variances_with_the_plain_bootstrap_over_persons(faces):
    rng = np.random.default_rng(1)
    blurred, persons = 0.6 * faces + rng.normal(size=faces.shape), rng.integers(0, 60, 200)
    ours = variance_kept(faces, blurred, groups=persons, seed=2)
    plain = bootstrap(lambda x, y: y.var(0).sum() / x.var(0).sum(), [faces, blurred], seed=2, groups=persons)
    assert (ours.value, ours.low, ours.high) == pytest.approx((plain.value, plain.low, plain.high), abs=1e-9)


@pytest.mark.parametrize("exaggeration", [0.0, 0.7, 1.4])
def test_the_factor_is_one_plus_exg_whichever_mean_was_used(faces, exaggeration):
    elsewhere = faces.mean(0) + 5
    result = factor(faces, elsewhere + (1 + exaggeration) * (faces - elsewhere), seed=0)
    assert (result.value, result.low, result.high) == (*[pytest.approx(1 + exaggeration)] * 3,)
    assert result.baseline == 1


def test_noise_widens_the_interval_of_the_factor_and_leaves_it_unbiased(faces):
    noisy = 1.7 * faces + np.random.default_rng(1).normal(size=faces.shape)
    result = factor(faces, noisy, seed=0)
    assert result.low < 1.7 < result.high
    assert 0.005 < result.high - result.low < 0.1


def test_single_precision_far_from_zero_costs_no_digits(faces):
    offset = (faces + 1e4).astype(np.float32)
    assert variance_kept(offset, offset, seed=0).value == 1
    assert variance_kept(faces, offset.astype(np.float64), seed=0).value == pytest.approx(1, abs=1e-4)


def test_faces_without_variety_have_no_share_to_keep(faces):
    with pytest.raises(InputError, match="undefined on these 200 rows"):
        variance_kept(np.ones_like(faces), faces, seed=0)


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    persons = np.repeat(np.arange(100), 2)
    tint = rng.integers(0, 120, size=(100, 1, 1, 3))[persons]
    return (tint + rng.integers(0, 136, size=(200, 6, 5, 3))).astype(np.uint8), persons


def spread_in_batches(images, persons, batch):
    moments, blocks = PixelMoments(*images.shape[1:3]), person_blocks(persons, len(images), seed=0)
    for start in range(0, len(images), batch):
        moments.add(images[start : start + batch], blocks[start : start + batch])
    return moments.spread()


@pytest.mark.parametrize("batch", [1, 64, 200])
def test_the_spread_of_pixels_is_the_mean_standard_deviation_in_any_batches(images, batch):
    pixels, persons = images
    estimate = spread_in_batches(pixels, persons, batch)
    assert (estimate.value, estimate.n) == (pytest.approx(pixels.std(0).mean(), abs=1e-9), 200)
    assert estimate == spread_in_batches(pixels, persons, 77)


def test_the_jackknife_interval_is_about_as_wide_as_the_bootstrap_over_persons(images):
    pixels, persons = images
    ours = spread_in_batches(pixels, persons, 200)
    plain = bootstrap(lambda x: x.std(0).mean(), [pixels], seed=0, n_resamples=400, groups=persons)
    assert 0.7 < (ours.high - ours.low) / (plain.high - plain.low) < 1.5


def test_black_and_white_faces_do_not_overflow():
    pixels = np.zeros((400, 2, 2, 3), dtype=np.uint8)
    pixels[::2] = 255
    assert spread_in_batches(pixels, np.arange(400), 400).value == 127.5


def test_persons_stay_together_in_blocks_of_like_size():
    persons = np.array([f"person {index % 50}" for index in range(150)])
    blocks = person_blocks(persons, 150, seed=1)
    np.testing.assert_array_equal(blocks[:50], blocks[50:100])
    assert np.bincount(blocks[:50], minlength=N_BLOCKS).tolist().count(0) == 0
    assert (blocks != person_blocks(persons, 150, seed=2)).any()


def moments_of(images, persons):
    moments = PixelMoments(*images.shape[1:3])
    moments.add(images, person_blocks(persons, len(images), seed=0))
    return moments


def test_the_ratio_of_spreads_knows_that_both_sides_show_the_same_persons(images):
    pixels, persons = images
    ours = spread_ratio(moments_of(pixels // 2, persons), moments_of(pixels, persons))
    assert (ours.value, ours.n) == (pytest.approx((pixels // 2).std(0).mean() / pixels.std(0).mean()), 200)
    assert ours.low < ours.value < ours.high < 1.01 * ours.low

    other = np.random.default_rng(9).permutation(pixels)
    free = spread_ratio(moments_of(other, persons), moments_of(pixels, persons))
    plain = bootstrap(
        lambda a, b: a.std(0).mean() / b.std(0).mean(), [other, pixels], seed=0, n_resamples=400, groups=persons
    )
    assert 0.6 < (free.high - free.low) / (plain.high - plain.low) < 1.7
    assert free.low < 1 < free.high


def test_ratios_of_other_persons_or_of_one_picture_are_refused(images):
    pixels, persons = images
    with pytest.raises(InputError, match="same persons on both sides"):
        spread_ratio(moments_of(pixels, persons), moments_of(pixels[:150], persons[:150]))
    with pytest.raises(InputError, match="all alike"):
        spread_ratio(moments_of(pixels, persons), moments_of(pixels * 0, persons))


def test_a_full_block_is_an_error_and_not_an_overflow():
    most = (2**32 - 1) // 255**2
    moments = PixelMoments(1, 1)
    moments.add(np.full((most, 1, 1, 3), 255, dtype=np.uint8), np.zeros(most, dtype=int))
    assert (moments.sums[1, 0] == most * 255**2).all()
    with pytest.raises(InputError, match=f"at most {most} faces"):
        moments.add(np.zeros((1, 1, 1, 3), dtype=np.uint8), np.zeros(1, dtype=int))


def test_faces_of_another_size_and_too_few_persons_are_refused(images):
    moments = PixelMoments(6, 5)
    with pytest.raises(InputError, match="one size"):
        moments.add(np.zeros((1, 4, 5, 3), dtype=np.uint8), np.zeros(1, dtype=int))
    moments.add(images[0][:3], np.zeros(3, dtype=int))
    with pytest.raises(InputError, match="at least two blocks"):
        moments.spread()


@pytest.mark.parametrize(("folder", "of_all", "of_real"), [("Face_exg0", 23.5, 23.3), ("Face_ori", 61.1, 55.9)])
def test_the_known_spread_of_the_voxceleb_faces_counted_the_placeholders(published_source, folder, of_all, of_real):
    files = sorted((published_source / "figures" / "voxceleb" / folder).glob("*.jpg"))
    faces = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    persons = np.array([file.name[: -len("_12345678901_1234567.jpg")] for file in files])
    real = np.array([not file.name.startswith("1145Zz_") for file in files])
    assert (len(real), real.sum()) == (336, 328)
    assert round(spread_in_batches(faces, persons, 64).value, 1) == of_all
    assert round(spread_in_batches(faces[real], persons[real], 64).value, 1) == of_real
