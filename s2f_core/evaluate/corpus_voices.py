"""What the synthetic voices promise: the numbers asked for are heard, people are told apart, speech is clean (cf. Sec. 5)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from s2f_core.evaluate import verification
from s2f_core.evaluate.corpus import Check, average, correlated, share, within

Facts = Sequence[Mapping[str, Any]]


def checks(facts: Facts, measured: Mapping[str, Shaped[np.ndarray, "persons clips ..."]], *, seed: int) -> Iterator[Check]:
    """Test the clean recordings, two a person: `measured` holds f0_hz, vtl_cm, p808 and GE2E's embedding per clip."""
    sex = np.array([fact["attributes"]["sex"] for fact in facts])
    for name, words, bound in (("f0_hz", "ln F0", 0.99), ("vtl_cm", "ln tract length", 0.90)):
        asked = np.log([fact["voice"][name] for fact in facts])
        heard = np.log(measured[name]).mean(1)
        yield correlated(f"voices.{name}", f"{words} heard by Praat against the one asked for, r", asked, heard, bound)
        yield correlated(f"voices.{name}.within_sex", f"the same within sex: {words}", within(asked, sex), within(heard, sex),
                         None)
    yield from told_apart(facts, measured["embedding"], seed=seed)
    yield average("voices.p808", "DNSMOS P.808 of clean clips", measured["p808"].mean(1), 3.9, seed=seed)


def told_apart(facts: Facts, embedding: Float[np.ndarray, "persons clips features"], *, seed: int) -> Iterator[Check]:
    """Equal error rate of GE2E between the two clips of a person and those of others: all, and those of the same base voice."""
    n_persons, n_clips = embedding.shape[:2]
    flat = embedding.reshape(n_persons * n_clips, -1)
    person = np.repeat(np.arange(n_persons), n_clips)
    base = np.repeat([fact["voice"]["base"][0] for fact in facts], n_clips)
    similarity = flat @ flat.T
    every = verification.over_persons("eer", similarity, person, seed=seed)
    yield Check("voices.eer", "GE2E takes two people for one, equal error rate", every, "at most", 0.03)
    same_base = base[:, None] == base[None, :]
    if not (same_base & (person[:, None] != person[None, :])).any():
        return  # too few persons for two of them to share a base voice
    hard = verification.over_persons("eer", similarity, person, among=same_base, seed=seed)
    yield Check("voices.eer.same_base", "the same among people of one base voice", hard, "at most", 0.12)


def understood(rates: Float[np.ndarray, " persons"], raw: float, *, seed: int) -> Check:
    """Word error rate of a recogniser on English clips (NaN: not English) beside that on the synthesiser's own clips."""
    return average("voices.words", f"word error rate of English clips; the synthesiser's own: {raw:.3f}",
                   rates[~np.isnan(rates)], round(1.6 * raw, 4), side="at most", seed=seed)


def real(measured: Mapping[str, Shaped[np.ndarray, "persons clips ..."]], *, seed: int) -> Iterator[Check]:
    """The same instruments on real speakers, reported only: nothing where none are installed. Their sex is not known."""
    if not measured:
        return
    yield average("real.p808", "DNSMOS P.808 of real speakers (Debian's klettres, ktuberling)", measured["p808"].mean(1), None,
                  seed=seed)
    n_persons, n_clips = measured["p808"].shape
    flat = measured["embedding"].reshape(n_persons * n_clips, -1)
    found = verification.over_persons("eer", flat @ flat.T, np.repeat(np.arange(n_persons), n_clips), seed=seed)
    yield Check("real.eer", "GE2E takes two real speakers for one, equal error rate", found, "at most")
    for name, words in (("f0_hz", "F0 of real speakers, Hz"), ("vtl_cm", "tract length of real speakers, cm")):
        yield average(f"real.{name}", words, np.nanmean(measured[name], axis=1), None, seed=seed)


def language_from_base(facts: Facts, drawn: Sequence[tuple[str, str]]) -> Check:
    """How often the base voice's name gives the language away, beside what the population's design allows.

    Args:
        facts: the persons measured.
        drawn: (base voice, language) of many other persons of the same design: whoever knows it guesses by them.
    """
    by_base: dict[str, Counter[str]] = {}
    for base, language in drawn:
        by_base.setdefault(base, Counter())[language] += 1
    everywhere = Counter(language for _, language in drawn).most_common(1)[0][0]
    guess = {base: counts.most_common(1)[0][0] for base, counts in by_base.items()}
    right = np.array([guess.get(fact["voice"]["base"][0], everywhere) == fact["attributes"]["language"] for fact in facts])
    design = sum(counts.most_common(1)[0][1] for counts in by_base.values()) / len(drawn)
    return share("voices.language_from_base", f"the language guessed from the base voice alone; the design allows {design:.3f}",
                 right, None, baseline=float(np.mean([fact["attributes"]["language"] == everywhere for fact in facts])))
