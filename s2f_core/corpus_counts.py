"""Count who is in the shipped corpus: people, recordings and seconds by split, and how attributes are spread."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s2f_core.data.corpora import synthetic
from s2f_core.data.shards import shard_paths
from s2f_core.synthesis import plan
from s2f_core.synthesis.person import OLDEST, YOUNGEST


def band(age: float) -> str:
    """The decade of an age in years, cut at the youngest and the oldest that there are."""
    first = int(age) // 10 * 10
    return f"{max(first, int(YOUNGEST))} to {min(first + 9, int(OLDEST))}"


# Attribute in the card's words → how it is read from the attributes of a person.
READ = {
    "sex as given to the generator": lambda about: about["sex"],
    "age band": lambda about: band(about["age"]),
    "ancestry morph": lambda about: about["morph"],
    "language": lambda about: about["language"],
    "first language": lambda about: about["first_language"],
}


@dataclass
class Count:
    """One split: `clips` and `seconds` are None where its sound is not shipped; `spread` is attribute → value → people."""

    people: int = 0
    clips: int | None = None
    seconds: float | None = None
    spread: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in READ})
    kinds: Counter[str] = field(default_factory=Counter)


def count(folder: Path) -> dict[str, Count]:
    """Split → counts, from the shards in `folder`. Raises InputError where a split has no faces."""
    return {split: _count(folder, split) for split in plan.SPLITS}


def _count(folder: Path, split: str) -> Count:
    counted = Count()
    for person in synthetic.speakers(folder, split):
        counted.people += 1
        for name, read in READ.items():
            counted.spread[name][read(person.attributes)] += 1
    if shard_paths(folder, f"{synthetic.VOICES}-{split}"):
        heard = [(one.facts["kind"], one.facts["seconds"]) for one in synthetic.recordings(folder, split)]
        counted.clips, counted.seconds = len(heard), sum(seconds for _, seconds in heard)
        counted.kinds.update(kind for kind, _ in heard)
    return counted


def spread_rows(counts: Mapping[str, Count], name: str) -> Iterator[list[Any]]:
    """Rows of value, people per split and in all, share of all, for one attribute."""
    values = sorted(set().union(*(one.spread[name] for one in counts.values())))
    everybody = sum(one.people for one in counts.values())
    for value in values:
        numbers = [one.spread[name][value] for one in counts.values()]
        yield [value, *numbers, sum(numbers), f"{sum(numbers) / everybody:.1%}"]
