"""The README's blocks of results: rows of the committed scorecards and answers from them, never written by hand."""

import re
from collections import Counter
from pathlib import Path

from s2f_core import artifacts
from s2f_core.errors import InputError
from s2f_core.evaluate.claims import Row, read_scorecard
from s2f_core.figures import questions, tables

RESULTS = "<!-- results: written by `s2f readme` -->", "<!-- end of results -->"
ANSWERS = "<!-- answers: written by `s2f readme` -->", "<!-- end of answers -->"
RELEASED, SYNTHETIC = "published", "laptop"  # profiles

# Row → the question that it answers.
QUESTIONS = {
    "tab03.6s.cos/percent.r10": "R@10 of Table 3 (45.82), if K is per cent of the gallery",
    "tab03.6s.cos/rank.r10": "the same, if K is a rank among 5,000 as the text says",
    "fig04.ethnicity.above_majority/ori_s2f": "Fig. 4: ethnicity agrees, by the paper's matrix and class shares",
    "fig04.age.above_majority/ori_s2f": "Fig. 4: age agrees in its decade, likewise",
    "labels.gender.accuracy/voxceleb.exg0.7": "gender of the face from speech, against the annotators",
    "fig05.n/implied": "Fig. 5(c): faces behind the “1,000 test images”",
    "fig05.published.nasal_index/voxceleb.exg0.7": "Fig. 5(c): nasal index, F2F against S2F, r",
    "fig05.published.nasal_index/voxceleb.exg0.7.within_sex": "the same within sex",
    "text.no_individuals/voxceleb.exg0.percent1": "“no specific individuals”: true face in the top 1 %, by another embedding",
    "text.true_identity/voxceleb.exg0": "nearer to the speaker than to another of the same gender",
    "exaggeration.variance_kept/voxceleb.exg0": "variance of the true faces that faces from speech keep",
    "text.exaggeration/voxceleb.exg1.4": "variation of the shown faces over the plain ones (exaggeration, not in any caption)",
}


def block(rows: list[Row]) -> str:
    """The verdicts counted, and the rows of QUESTIONS as a Markdown table."""
    found = {row.id: row for row in rows}
    counts = Counter(row.verdict for row in rows)
    lines = [", ".join(f"{counts[verdict]} {verdict}" for verdict in tables.VERDICTS) + f" of {len(rows)} rows.", "",
             "| question | paper | ours [95 %] | n | baseline | verdict | tier |", "|---|---|---|---|---|---|---|"]
    for name, question in QUESTIONS.items():
        if name in found and found[name].ours is not None:
            row = found[name]
            cells = (question, tables.number(row.paper), tables.ours(row), tables.number(row.n), tables.number(row.baseline),
                     row.verdict, row.tier)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def answers(rows: list[Row]) -> str:
    """What critics asked, each question with its answer, as a Markdown list."""
    return "\n".join(f"- **{one.text}** {one.answered(rows)}" for one in questions.QUESTIONS)


def render(readme: str, marks: tuple[str, str], text: str) -> str:
    """The README with the block between two marks replaced. Raises InputError where the marks are not there once each."""
    begin, end = marks
    if readme.count(begin) != 1 or readme.count(end) != 1:
        raise InputError(f"README.md must hold the lines {begin!r} and {end!r} once each; restore them from git")
    return re.sub(f"(?s){re.escape(begin)}.*{re.escape(end)}", lambda _: f"{begin}\n{text}\n{end}", readme)


def write(root: Path) -> None:
    """Write README.md's blocks from the scorecards of the released examples and of the synthetic people."""
    path = root / "README.md"
    rows = {profile: read_scorecard(root / "results" / profile / "scorecard.json") for profile in (RELEASED, SYNTHETIC)}
    readme = render(path.read_text(encoding="utf-8"), RESULTS, block(rows[RELEASED]))
    artifacts.write_text(path, render(readme, ANSWERS, answers(rows[SYNTHETIC])))
