"""Tutorial 2, the voice encoder: what its checks ask, and the typical wrong answers that they know."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch.nn import functional

from s2f_core.lessons.encoder_facts import axis_of, n_parameters, on_meta, stained
from s2f_core.lessons.feedback import hint_unless, number, numbers, returned, well_done
from s2f_core.models.voice_encoder import laptop, paper

Layers = Sequence[tuple[int, int]]  # (kernel, stride) along one axis, from the input on

LINES = ((598, 4, 1), (31, 4, 2), (236, 4, 2), (14, 4, 2), (117, 4, 2), (589, 2, 2), (257, 5, 3))  # numbers, kernel, stride
MISPLACED: tuple[tuple[Callable[[int, int, int], float], str], ...] = (
    (lambda n, kernel, stride: n - kernel + 1, "right for steps of one; which of those places does a stride leave out?"),
    (lambda n, kernel, stride: (n - kernel) // stride, "one is missing: the kernel has a place before it takes its first step"),
    (lambda n, kernel, stride: n // stride, "that lets the kernel hang over the end; it must lie on the numbers whole"),
    (lambda n, kernel, stride: -(-n // stride), "that is the count with padding (“same”); here nothing is padded"),
    (lambda n, kernel, stride: (n - kernel + 1) // stride,
     "nearly; divide the numbers behind the first place by the step, then count it too"),
    (lambda n, kernel, stride: -(-(n - kernel) // stride) + 1, "that rounds up: the last place would need padding"),
    (lambda n, kernel, stride: (n - kernel) / stride + 1, "a part of a place is none; how do you get whole numbers?"),
)
WIDTHS = ((2, 64), (64, 128), (256, 512))  # channels that enter and leave blocks of Table 1
MISTAKEN: tuple[tuple[Callable[[int, int], int], str], ...] = (
    (lambda i, o: 16 * i * o, "those are the weights of the filters; each block has more numbers that are learnt"),
    (lambda i, o: 16 * i * o + o, "the convolution is whole; what does batch norm learn for each channel?"),
    (lambda i, o: 16 * i * o + 2 * o, "weights and batch norm are there; each filter also has a bias"),
    (lambda i, o: 16 * i * o + 5 * o, "the running mean and variance of batch norm are measured, not learnt"),
    (lambda i, o: 16 * i * o + i + 2 * o, "a bias is added to what a filter gives: one for each channel that leaves"),
    (lambda i, o: 16 * o + 3 * o, "a filter looks at all channels that enter, with its own 4 × 4 weights for each"),
    (lambda i, o: 4 * i * o + 3 * o, "the kernel is four frames long and four bins wide; how many weights are that?"),
)


def check_positions(count: Any) -> None:
    """Ask for the places of a kernel along lines of several lengths. Raises NotYet with what a wrong rule does."""
    said = [number(returned(count, *line)) for line in LINES]
    for rule, hint in MISPLACED:
        hint_unless(said != [rule(*line) for line in LINES], hint)
    for (n, kernel, stride), found in zip(LINES, said, strict=True):
        right = len(torch.empty(n).unfold(0, kernel, stride))
        hint_unless(found == right, f"{found:g} places of a kernel of {kernel} on {n} numbers in steps of {stride}? Draw it")
    well_done(f"{said[0]:g} places for the first convolution along time; poolings and the frames of sound count alike")


def check_parameters(count: Any) -> None:
    """Ask for the parameters of blocks of several widths. Raises NotYet with what a wrong rule forgets."""
    said = [number(returned(count, *widths)) for widths in WIDTHS]
    for rule, hint in MISTAKEN:
        hint_unless(said != [rule(*widths) for widths in WIDTHS], f"{said[-1]:,.0f} for 256 → 512: {hint}")
    stages = [stage for name, stage in on_meta(paper()).stages.named_children() if name.startswith("conv")]
    rights = {(stage.conv.in_channels, stage.conv.out_channels): n_parameters(stage) for stage in stages[:-1]}
    for widths, found in zip(WIDTHS, said, strict=True):
        hint_unless(found == rights[widths], f"{found:,.0f} for {widths[0]} → {widths[1]}? Count for one filter: its weights, "
                                             "its bias, its two numbers of batch norm")
    well_done(f"{said[-1]:,.0f} in the seventh convolution with its batch norm, as in the package's module")


def check_share(answer: Any) -> None:
    """Which share of all parameters is in the first fully connected layer. Raises NotYet with what a wrong share is of."""
    encoder, found = on_meta(paper()), number(answer)
    first, second, whole = (n_parameters(part) for part in (encoder.stages.fc1, encoder.stages.fc2, encoder))
    right, per_bin = first / whole, encoder.config.convs[-1].channels
    for wrong, hint in (
        (100 * right, "that is in per cent; as a share, all of them are 1"),
        (second / whole, "that is the second fully connected layer; the first one reads a longer line"),
        ((first + second) / whole, "that is both fully connected layers together"),
        (per_bin * encoder.config.hidden / whole, "so few, were frequency averaged away like time; all its places are kept"),
        (first / (whole - first), "that is this layer over all others; divide by all parameters"),
    ):
        hint_unless(abs(found - wrong) > 5e-3 * max(1, wrong), f"{found:.4g}: {hint}")
    hint_unless(abs(found - right) < 5e-3, f"{found:.4g} is not it: the layer reads places of frequency × channels, each with "
                                           "a weight for each output")
    well_done(f"{right:.1%} of {whole:,} parameters are in one layer")


def _early(layers: Layers) -> int:
    seen, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        seen += (kernel - 1) * step
    return seen


def _backwards(layers: Layers) -> int:
    seen = 1
    for kernel, stride in layers:
        seen = (seen - 1) * stride + kernel
    return seen


MISSEEN: tuple[tuple[Callable[[Layers], int], str], ...] = (
    (lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers), "that would be without strides; behind one, steps are wider"),
    (_early, "a layer's own stride widens the steps of the layers behind it, not its own kernel"),
    (_backwards, "this rule is right from the last layer to the first; it was run the other way round"),
    (lambda layers: sum(kernel for kernel, _ in layers), "kernels overlap: each adds one less than its length, times the step"),
    (lambda layers: int(np.prod([stride for _, stride in layers])), "that is how far apart two neighbouring outputs look"),
)


def check_receptive_field(field: Any) -> None:
    """Ask how many inputs one output sees, behind several stacks of layers. Raises NotYet with what a wrong rule does."""
    stacks = [[layer[1:] for layer in axis_of(config, axis)] for config in (paper(), laptop()) for axis in (0, 1)]
    stacks += [[(3, 2), (5, 1), (2, 3)], [(4, 1)]]
    said = [number(returned(field, list(stack))) for stack in stacks]
    for rule, hint in MISSEEN:
        hint_unless(said != [rule(stack) for stack in stacks], f"{said[0]:g} frames in the paper's encoder: {hint}")
    for stack, found in zip(stacks, said, strict=True):
        right = int(stained(stack, 600)[:, 0].sum())
        hint_unless(found == right, f"an output does not see {found:g} inputs behind {stack[:3]}…; draw the first layers")
    well_done(f"one output of the paper's last convolution sees {said[0]:g} frames and {said[1]:g} bins")


MISNORMED: tuple[tuple[tuple[int, ...], str], ...] = (
    ((2, 3), "that is each clip for itself (instance norm): how clips differ in level is gone, which batch norm keeps"),
    ((1, 2, 3), "that is each clip for itself, all channels together (layer norm)"),
    ((0, 1, 2, 3), "one mean for everything: channels should not share theirs"),
    ((0,), "that is each place for itself; a channel has one mean over clips, frames and bins"),
    ((0, 2), "that keeps bins apart; a channel has one mean over clips, frames and bins"),
    ((0, 1, 2), "that takes the last axis for the channels; they are the second one"),
)


def normed(hidden: Float[np.ndarray, "batch channels frames bins"], axes: tuple[int, ...]
           ) -> Float[np.ndarray, "batch channels frames bins"]:
    """Mean 0 and standard deviation 1 over the given axes."""
    return (hidden - hidden.mean(axes, keepdims=True)) / np.sqrt(hidden.var(axes, keepdims=True) + 1e-5)


def check_batch_norm(normalise: Any) -> None:
    """Give activations whose clips, channels and bins differ in level. Raises NotYet with what a wrong norm averages over."""
    rng = np.random.default_rng(3)
    levels = [rng.normal(0, 2, shape) for shape in ((6, 1, 1, 1), (1, 4, 1, 1), (1, 1, 1, 9))]
    hidden = sum(levels) + rng.normal(0, 1, (6, 4, 12, 9)) * np.array([0.5, 1, 2, 4])[:, None, None]
    found = numbers(returned(normalise, hidden.copy()))
    right = functional.batch_norm(torch.from_numpy(hidden), None, None, training=True).numpy()
    hint_unless(found.shape == right.shape, f"the shape should stay {right.shape}; yours is {found.shape}")
    for axes, hint in MISNORMED:
        hint_unless(not np.allclose(found, normed(hidden, axes), atol=1e-2), hint)
    centred = hidden - hidden.mean((0, 2, 3), keepdims=True)
    hint_unless(not np.allclose(found, centred, atol=1e-2), "the means are 0; the standard deviations are not 1 yet")
    hint_unless(not np.allclose(found, centred / hidden.var((0, 2, 3), keepdims=True), atol=1e-2),
                "that divides by the variance; its root is the standard deviation")
    hint_unless(np.allclose(found, right, atol=1e-2), "not yet; print the mean and the deviation of each channel you made")
    well_done("every channel has mean 0 and standard deviation 1 over clips, frames and bins, as PyTorch has it")
