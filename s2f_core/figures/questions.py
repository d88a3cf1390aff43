"""What critics asked of the paper, each answered by one sentence from the scorecard and one chart on a page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from s2f_core.evaluate.claims import Row

NOT_MEASURED = "Not measured in this profile."


@dataclass(frozen=True)
class Question:
    """A question, which is also the heading of its section on `page`; the answer's words, and the rows that fill them in."""

    text: str
    page: str
    answer: str
    rows: tuple[str, ...]

    def answered(self, rows: Sequence[Row]) -> str:
        """The answer in words, from the scorecard; or that a row of it was not measured."""
        found = {row.id: row for row in rows if row.ours is not None}
        if not set(self.rows) <= set(found):
            return NOT_MEASURED
        return self.answer.format(*(found[name] for name in self.rows))

    @property
    def anchor(self) -> str:
        """The address of the section on its page."""
        return re.sub("[^a-z0-9]+", "-", self.text.lower()).strip("-")


PITCH = Question(
    "Do high voices become women, and low voices men?", "bias",
    "Yes: {0.ours:.0%} [{0.low:.0%}, {0.high:.0%}] of {0.n} people get the other sex's face when their voice is given "
    "that sex's pitch and nothing else; as they speak it is {1.ours:.0%} [{1.low:.1%}, {1.high:.1%}]. "
    "Guessing gives {0.baseline:.0%}.",
    ("audit.crossed.error/pitch", "audit.crossed.error/nothing"))
LANGUAGE = Question(
    "Does the face change with the language that is spoken?", "bias",
    "It does where language went with ancestry in training, if the network hears languages: by {0.ours:.3f} [{0.low:.3f}, "
    "{0.high:.3f}] of the way over {0.n} people, the person being the same; where it went with nothing, by {1.ours:.3f} "
    "[{1.low:.3f}, {1.high:.3f}]. None is 0.",
    ("audit.language.follows/speaker.follows_0.9.majority_0.34", "audit.language.none/speaker.follows_0.majority_0.34"))
GROUPS = Question(
    "Is it wrong more often for some than for others?", "bias",
    "In age, yes: one band is drawn {0.ours:.0f} years [{0.low:.0f}, {0.high:.0f}] older, against its truth, than another "
    "(n {0.n}; by sampling alone {0.baseline:.0f}); who says the same age of everybody leaves {1.ours:.0f}. Ancestry morph is "
    "right for {2.ours:.0%} [{2.low:.0%}, {2.high:.0%}] where always guessing the commonest gives {2.baseline:.0%}; between "
    "morphs that differs by {3.ours:.0%} [{3.low:.0%}, {3.high:.0%}] (by sampling alone {3.baseline:.0%}), as far as one is "
    "preferred. Sex is right to within {4.ours:.0%} [{4.low:.0%}, {4.high:.0%}] in all morphs (by sampling alone "
    "{4.baseline:.0%}).",
    ("audit.groups.years/6s.age_band", "audit.guessed.years/6s.age_band", "audit.right.morph/6s",
     "audit.groups.morph/6s.ancestry_morph", "audit.groups.sex/6s.ancestry_morph"))
TRACED = Question(
    "Does a voice give its speaker away?", "identifiability",
    "It narrows down who spoke, by sex and age: the true face is among the first tenth of 5,000 for {0.ours:.0%} "
    "[{0.low:.0%}, {0.high:.0%}] of {0.n} voices (guessing: {0.baseline:.0%}); among faces of the same sex and age band "
    "for {1.ours:.0%} [{1.low:.0%}, {1.high:.0%}] (guessing: {1.baseline:.0%}).",
    ("audit.identity.found_tenth/6s.among5000", "audit.identity.alike_tenth/6s.alike"))
QUESTIONS = (PITCH, LANGUAGE, GROUPS, TRACED)
