"""Tutorial 4, three losses: the checks of the exercises on softened shares and on what is learnt from them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from s2f_core.lessons.comparing import Mistakes, alike, asked, must_be
from s2f_core.lessons.feedback import hint_unless, well_done
from s2f_core.training.losses import PUBLISHED, Layers, voice_loss

Rows = Float[np.ndarray, "clips values"]


def _softmax(logits: Rows, axis: int | None = 1) -> Rows:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=axis is not None))
    return powers / powers.sum(axis=axis, keepdims=axis is not None)


MISSOFTENED: Mistakes = (
    (lambda logits, t: _softmax(logits * t), "the temperature works the wrong way round: warmer should mean more even"),
    (lambda logits, t: _softmax(logits), "the temperature is not used"),
    (lambda logits, t: _softmax(logits) / t, "the temperature divides the logits, before the exponential; these sum to 1/T"),
    (lambda logits, t: _softmax(logits / t, 0),
     "the columns sum to 1: a clip's shares run over its classes, not over the clips"),
    (lambda logits, t: _softmax(logits / t, None), "all clips together sum to 1; each clip should on its own"),
    (lambda logits, t: np.exp(logits / t), "those are the powers; divide each row by its sum"),
    (lambda logits, t: np.log(_softmax(logits / t)), "those are the logarithms of the shares"),
    (lambda logits, t: _softmax(logits) ** (1 / t), "nearly: raised to 1/T after the softmax, a row sums to 1 no more"),
    (lambda logits, t: logits / t / (logits / t).sum(1, keepdims=True), "the exponential is missing"),
)


def check_softened(softened: Callable[..., Any]) -> None:
    """Give logits of several sizes and temperatures. Raises NotYet with what a wrong softmax does."""
    rng = np.random.default_rng(13)
    for shape, temperature in (((4, 4), 2.0), ((3, 6), 0.5)):
        logits = rng.normal(0, 3, shape)
        must_be(_softmax(logits / temperature), asked(softened, logits, temperature), (logits, temperature), MISSOFTENED,
                "these are other shares; for two classes with logits 2 and 0 and T = 2 they are e : 1")
    logits = 1000 + rng.normal(0, 3, (2, 5))
    found = asked(softened, logits, 1.0)
    hint_unless(bool(np.isfinite(found).all()), "right for small logits; exp(1000) is too large for any float. What can be "
                "taken from all logits of a row without changing their shares?")
    hint_unless(alike(found, _softmax(logits)), "right for small logits, wrong for logits around 1,000")
    well_done("each row sums to 1, the order stays, a warmer row is more even, and large logits do no harm")


def _crossed(of: Rows, to: Rows) -> Float[np.ndarray, " clips"]:
    return -(of * np.log(to)).sum(1)


MISTAUGHT: Mistakes = (
    (lambda f, s, t: _crossed(_softmax(s / t), _softmax(f / t)),
     "the two are swapped: the face teaches, so its shares weigh the logarithms of the voice's"),
    (lambda f, s, t: _crossed(_softmax(f / t), _softmax(s / t)) - _crossed(_softmax(f / t), _softmax(f / t)),
     "that is the divergence of Kullback and Leibler. It has the same gradient, but the paper's formula keeps the entropy "
     "of the face's shares, so that its least value is not 0"),
    (lambda f, s, t: -_crossed(_softmax(f / t), _softmax(s / t)), "the sign: a loss of this kind is never negative"),
    (lambda f, s, t: _crossed(_softmax(f), _softmax(s)), "the temperature is not used"),
    (lambda f, s, t: _crossed(_softmax(f), _softmax(s / t)), "only the voice is softened; both are"),
    (lambda f, s, t: _crossed(_softmax(f / t), _softmax(s)), "only the face is softened; both are"),
    (lambda f, s, t: _crossed(_softmax(f / t), _softmax(s / t)) * t**2,
     "the factor T² is Hinton's; the paper's formula has none"),
    (lambda f, s, t: _crossed(_softmax(f / t), _softmax(s / t)) / f.shape[1],
     "that is the mean over classes; the sum is asked for here"),
    (lambda f, s, t: _crossed(_softmax(f / t), _softmax(s / t)) / np.log(2),
     "that is in bits; the formula has the natural logarithm"),
    (lambda f, s, t: _crossed(_softmax(f / t), _softmax(f / t)),
     "the voice does not occur in it: that is the face's own entropy"),
    (lambda f, s, t: _crossed(_softmax(f / t), _softmax(s / t)).sum(),
     "one number for each clip is asked for, not their sum"),
    (lambda f, s, t: _crossed(_softmax(f / t), _softmax(s / t)).mean(),
     "one number for each clip is asked for, not their mean"),
    (lambda f, s, t: -np.log(_softmax(s / t))[np.arange(len(f)), f.argmax(1)],
     "only the face's likeliest class counts there; all should"),
)


def check_distillation(distillation: Callable[..., Any]) -> None:
    """Give faces' and voices' logits; the package's third term is the judge. Raises NotYet with what a wrong formula does."""
    rng = np.random.default_rng(17)
    for shape, temperature in (((4, 7), 2.0), ((3, 3), 1.5)):
        face, voice = rng.normal(0, 2, (2, *shape))
        given = face, voice, temperature
        must_be(_by_the_package(*given), asked(distillation, *given), given, MISTAUGHT, "these are other numbers; for a clip: "
                "soften both, take the logarithm of the voice's shares, weigh it with the face's, sum over the classes, turn "
                "the sign")
    well_done("clip by clip the same as the third term of s2f_core.training.losses, before its mean")


def _by_the_package(face: Rows, voice: Rows, temperature: float) -> Float[np.ndarray, " clips"]:
    config = PUBLISHED.model_copy(update={"temperature": temperature, "reduction": "sum"})
    layers = Layers(lambda v: v, lambda v: v)
    pairs = zip(torch.from_numpy(voice).split(1), torch.from_numpy(face).split(1), strict=True)
    return np.array([voice_loss(s, f, layers, config).distillation.item() for s, f in pairs])
