"""Lesson 8, first specimen: people split into training and test by a set, beside splits that hold, each run in its own process.

Only the standard library is imported: a process that splits must start at once.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from s2f_core.errors import InputError

TRAIN = 0.8  # share of the people
Halves = tuple[list[str], list[str]]
ASK = ("import json, sys; from s2f_core.lessons import splits; "
       "print(json.dumps(getattr(splits, sys.argv[1])(json.load(sys.stdin))))")


def exhibit(ids: Sequence[str]) -> Halves:
    """As a reader meets it in a public re-implementation; the lesson asks which line is wrong."""
    people = list(set(ids))                    # A: every person once
    n_train = round(TRAIN * len(people))       # B: four fifths are for training
    return people[:n_train], people[n_train:]  # C: nobody is in both


def by_hash(ids: Sequence[str]) -> Halves:
    """The same mistake in other clothes: hash() of a text is another number in every process."""
    people = sorted(set(ids))
    return [one for one in people if hash(one) % 5], [one for one in people if not hash(one) % 5]


def sorted_first(ids: Sequence[str]) -> Halves:
    """Right: the same people in every process."""
    people = sorted(set(ids))
    n_train = round(TRAIN * len(people))
    return people[:n_train], people[n_train:]


def by_digest(ids: Sequence[str]) -> Halves:
    """Right, and a person stays where they are when others join: a digest is the same everywhere."""
    people = sorted(set(ids))
    held_out = {one for one in people if hashlib.sha256(one.encode()).digest()[0] % 5 == 0}
    return [one for one in people if one not in held_out], [one for one in people if one in held_out]


def in_process(split: Callable[[Sequence[str]], Halves], ids: Sequence[str], hash_seed: int) -> Halves:
    """What a function of this module gives in a new process, whose texts are hashed with `hash_seed` (0 to 4294967295).

    Python draws that number anew in every process unless PYTHONHASHSEED says it. Raises InputError for another function.
    """
    if globals().get(getattr(split, "__name__", "")) is not split:
        raise InputError(f"a new process finds only functions of {__name__}, and {split!r} is none; call that one directly")
    done = subprocess.run([sys.executable, "-c", ASK, split.__name__], input=json.dumps(list(ids)), capture_output=True,
                          text=True, check=True, env={**os.environ, "PYTHONHASHSEED": str(hash_seed)})
    train, test = json.loads(done.stdout)
    return train, test
