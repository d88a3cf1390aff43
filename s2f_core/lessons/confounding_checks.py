"""Checks of lesson 7: what two groups do to a correlation, what a shuffle breaks, what else is in common."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped

from s2f_core.evaluate import corpus
from s2f_core.evaluate.claims import load_ledger
from s2f_core.lessons.confounding import Measured, held_still
from s2f_core.lessons.feedback import answered, hint_unless, number, numbers, returned, well_done

LARGEST = "fig05.published.nasal_index"  # r of the paper's table
TOO_NARROW = "the distance between the groups adds to the spread of the whole, below the line too"
N_SHUFFLES = 200
Sides = tuple[Shaped[np.ndarray, " people"], Shaped[np.ndarray, " people"], Shaped[np.ndarray, " people"]]


def check_gap(answer: Any) -> None:
    """How many standard deviations apart two equal groups must be for the paper's largest r. Raises NotYet with a hint."""
    found, r = number(answer), load_ledger()[LARGEST].value
    right = 2 * math.sqrt(r / (1 - r))
    for wrong, hint in ((right / 2, "so far is each group from the middle; how far are they from each other?"),
                        (right**2, "that is the square of the distance"),
                        (2 * math.sqrt(r), TOO_NARROW),
                        (math.sqrt(r), TOO_NARROW),
                        (r, "that is r itself; what does it come from, where two numbers share nothing but the group?")):
        hint_unless(abs(found - wrong) > 0.02, f"{found:.2f}: {hint}")
    hint_unless(found > 0, "a distance is above 0")
    gives = found**2 / 4 / (1 + found**2 / 4)
    hint_unless(abs(gives - r) < 0.015, f"{found:.2f} would give r = {gives:.2f}, the paper's is {r:.2f}")
    well_done(f"{right:.2f} standard deviations between two groups, and nothing else, make the paper's largest r of {r:.2f}. "
              "Body height of women and men differs by about two")


def _sides(sizes: Mapping[str, int], seed: int) -> Sides:
    """Two measures of people in groups of unlike size, spread and middle, mixed."""
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.repeat(list(sizes), list(sizes.values())))
    place = np.unique(group, return_inverse=True)[1]
    x = rng.standard_normal(len(group)) * (1 + 2 * place) + 3 * place
    y = (0.6 - 0.9 * (place == 0)) * x + rng.standard_normal(len(group)) * (1 + place) + 2 * place
    return x, y, group


def _r(x: Float64[np.ndarray, " people"], y: Float64[np.ndarray, " people"]) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def _mean_of_rs(x: Shaped[np.ndarray, " n"], y: Shaped[np.ndarray, " n"], group: Shaped[np.ndarray, " n"]) -> float:
    return float(np.mean([_r(x[group == one], y[group == one]) for one in np.unique(group)]))


def _standardised(values: Shaped[np.ndarray, " n"], group: Shaped[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    spread = sum((group == one) * values[group == one].std() for one in np.unique(group))
    return corpus.within(values, group) / spread


WITHIN_MISTAKES = (
    (lambda x, y, g: _r(x, y), "this is the pooled r: the groups' middles are still in it"),
    (_mean_of_rs, "this is the mean of the groups' own r's, in which a small group counts as much as a large one; asked is "
                  "one r of all deviations"),
    (lambda x, y, g: _r(_standardised(x, g), _standardised(y, g)),
     "you also divide by each group's spread; take the middles away and nothing else"),
    (lambda x, y, g: _r(corpus.within(x, g), y), "one of the two sides still holds its groups' middles"),
    (lambda x, y, g: _r(x, corpus.within(y, g)), "one of the two sides still holds its groups' middles"),
    (lambda x, y, g: float(np.cov(corpus.within(x, g), corpus.within(y, g))[0, 1]),
     "this is a covariance; divide it by both standard deviations"),
)


def check_within_r(within_r: Any) -> None:
    """Ask for r within groups of three hidden sets of people. Raises NotYet with what a wrong rule does."""
    for seed, sizes in enumerate(({"female": 30, "male": 90}, {"a": 200, "b": 20}, {"x": 20, "y": 40, "z": 60})):
        sides = _sides(sizes, seed)
        kept = [one.copy() for one in sides]
        found = number(returned(within_r, *sides))
        hint_unless(all(np.array_equal(*two) for two in zip(kept, sides, strict=True)),
                    "your function changes the arrays that it is given; work on copies (`x - …` instead of `x -= …`)")
        for rule, hint in WITHIN_MISTAKES:
            hint_unless(abs(found - rule(*kept)) > 1e-6, f"{found:.3f} in {len(sizes)} groups: {hint}")
        right = _r(corpus.within(kept[0], kept[2]), corpus.within(kept[1], kept[2]))
        hint_unless(abs(found - right) < 1e-6, f"{found:.3f} is not it for {len(sizes)} groups called {', '.join(sizes)}; "
                                               "from every person's number take the mean of that person's group")
    well_done("the same as the package's own, for two groups and for three; statisticians call it a partial correlation")


def check_shuffle(shuffle_within: Any) -> None:
    """Shuffle numbers that say whose they are, within groups. Raises NotYet with what a wrong shuffle breaks."""
    rng = np.random.default_rng(5)
    group = rng.permutation(np.repeat(["female", "male", "unsaid"], [40, 25, 3]))
    values = np.arange(len(group)) + 0.5
    given = values.copy()
    one, two = (numbers(returned(shuffle_within, given, group, rng)) for _ in range(2))
    hint_unless(np.array_equal(given, values), "your function changes the array that it is given; begin with `values.copy()`")
    for found in (one, two):
        hint_unless(found.shape == values.shape, f"{len(values)} numbers went in, the shape of what came back is {found.shape}")
        hint_unless(np.array_equal(np.sort(found), values), "numbers were lost and others came twice: draw without replacement")
    ordered = np.concatenate([np.sort(values[group == label]) for label in np.unique(group)])
    blocks = np.concatenate([np.sort(part) for part in np.split(one, np.cumsum([40, 25]))])
    hint_unless(not np.array_equal(blocks, ordered),
                "every group is shuffled, but then they stand one behind the other; put each back to where its people are")
    for label in np.unique(group):
        own = group == label
        hint_unless(np.array_equal(np.sort(one[own]), values[own]),
                    f"people of the group {label!r} have numbers of other groups: this breaks the tie through the groups too")
    hint_unless(not np.array_equal(one, values), "nobody's number moved")
    hint_unless(not np.array_equal(one, two), "twice the same order: draw it anew from `rng` in every call")
    well_done("every group keeps its own numbers, and whose they are is by chance")


def check_confounder(name: Any, people: Any, seen: Measured, heard: Measured) -> None:
    """Hold the attribute that a student names still, beside sex. Raises NotYet where that changes no more than chance does."""
    answered(name)
    known = sorted(set(people.facts[0]["attributes"]) - {"source"})
    hint_unless(name in known, f"the generator was given {', '.join(known)}; {name!r} is none of them")
    hint_unless(name != "sex", "sex is held still already; what else do a face and a voice have in common?")
    sex, attribute = people.attribute("sex"), people.attribute(name)
    sides = [{measure: corpus.within(one, sex) for measure, one in side.items()} for side in (seen, heard)]
    before, after = _mean_r(sides), _mean_r(sides, sex, attribute)
    rng, orders = np.random.default_rng(0), []
    for _ in range(N_SHUFFLES):
        order = np.arange(len(sex))
        for one in np.unique(sex):
            order[sex == one] = rng.permutation(order[sex == one])
        orders.append(_mean_r(sides, sex, attribute[order]))
    words = f"with {name} held still too, r within sex goes from {before:.3f} to {after:.3f} on average over the measures"
    hint_unless(after < float(np.quantile(orders, 0.05)), f"{words}, no further than with {name} dealt out by chance: it moves "
                                                   "the voice, or the face, but not both. Look for what shows in both")
    well_done(f"{words}; dealt out by chance it stays at {np.mean(orders):.3f}")


def _mean_r(sides: Sequence[Measured], *attributes: Shaped[np.ndarray, "people ..."]) -> float:
    left = [{name: held_still(one, *attributes) if attributes else one for name, one in side.items()} for side in sides]
    return float(np.mean([_r(left[0][name], left[1][name]) for name in left[0]]))
