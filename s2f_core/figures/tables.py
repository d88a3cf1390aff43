"""Scorecard rows as tables: formatted numbers for readers (HTML, Markdown, terminal) and plain ones for machines (CSV)."""

import csv as csv_format
import io
from collections import Counter
from collections.abc import Iterator, Sequence

import pandas as pd
from rich.table import Table

from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.verdicts import Number

VERDICTS = {  # verdict → colour in a terminal
    "reproduced": "green",
    "shifted": "yellow",
    "contradicted": "red",
    "untestable": "bright_black",
}
LATEX = str.maketrans({sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"})
COLUMNS = ("id", "statement", "paper", "ours [95 %]", "n", "baseline", "unit", "verdict", "tier")


WORDS = {  # parts of a row's id as a reader would say them
    "ori_s2f": "true → speech", "ori_f2f": "true → feature", "f2f_s2f": "feature → speech", "above_majority": "accuracy",
    "kappa": "κ", "voxceleb": "VoxCeleb", "avspeech_res": "AVSpeech", "ori": "true face", "f2f": "feature",
    "exg0": "speech", "exg0.7": "speech, exg 0.7", "exg1.4": "speech, exg 1.4",
}


def short(row: Row, *, after: int = 1) -> str:
    """A row's name on an axis: its id in words, without the first `after` parts."""
    text = row.id.replace("exg0.7", "exg0·7").replace("exg1.4", "exg1·4").replace("/", ".")
    parts = [part.replace("·", ".") for part in text.split(".")[after:]]
    return ", ".join(WORDS.get(part, part.replace("_", " ")) for part in parts)


def number(value: Number | None) -> str:
    """A number as a reader wants it: integers whole with thousands separated, others to three digits, missing as –."""
    if value is None:
        return "–"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.1f}"


def ours(row: Row) -> str:
    """Our number and its 95 % interval, or the number alone where it is exact."""
    if row.ours is None or row.low is None:
        return number(row.ours)
    return f"{number(row.ours)} [{number(row.low)}, {number(row.high)}]"


def cells(row: Row) -> tuple[str, ...]:
    """One row in the order of COLUMNS."""
    return (row.id, row.statement, number(row.paper), ours(row), number(row.n), number(row.baseline), row.unit, row.verdict,
            row.tier)


def html(rows: Sequence[Row]) -> str:
    """The rows as a table for a page: what is claimed, the numbers and the verdict; every text escaped and whole."""
    table = pd.DataFrame([cells(row)[1:] for row in rows], columns=list(COLUMNS[1:]))
    with pd.option_context("display.max_colwidth", None):
        return table.to_html(index=False, border=0)


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table; the reason stands in the last column."""
    table = pd.DataFrame([(*cells(row), row.reason or "") for row in rows], columns=[*COLUMNS, "reason"])
    return table.map(lambda text: text.replace("|", "\\|")).to_markdown(index=False)


def latex(rows: Sequence[Row], *, caption: str) -> str:
    """The rows as a long table for LaTeX (booktabs, longtable); XeLaTeX or LuaLaTeX, for the letters that are not ASCII."""
    table = pd.DataFrame([cells(row)[1:] for row in rows], columns=list(COLUMNS[1:]))
    layout = "p{0.36\\linewidth}" + "r" * 4 + "p{0.12\\linewidth}" + "l" * 2
    plain = table.map(lambda text: text.translate(LATEX)).rename(columns=lambda name: name.translate(LATEX))
    return plain.to_latex(index=False, longtable=True, column_format=layout, caption=caption.translate(LATEX),
                          label=f"tab:{caption}")  # fmt: skip


def csv(rows: Sequence[Row]) -> str:
    """Every field of every row, unrounded."""
    text = io.StringIO()
    writer = csv_format.DictWriter(text, fieldnames=list(Row.model_fields), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.model_dump() for row in rows)
    return text.getvalue()


def terminal(rows: Sequence[Row]) -> Iterator[Table]:
    """The scorecard for a terminal: every measured row, then how many have no number and why, then the counts."""
    tested = Table(title="Scorecard", title_style="bold")
    tested.add_column("claim", overflow="fold", ratio=1)
    for name in ("paper", "ours [95 %]", "n", "baseline", "verdict", "tier"):
        tested.add_column(name, no_wrap=True)
    for row in rows:
        if row.ours is not None:
            colour = VERDICTS[row.verdict]
            tested.add_row(row.id, number(row.paper), ours(row), number(row.n), number(row.baseline),
                           f"[{colour}]{row.verdict}[/]", row.tier)
    yield tested
    reasons = Table("rows", "why", title="Not tested here", title_style="bold")
    for reason, count in Counter(row.reason for row in rows if row.ours is None).most_common():
        reasons.add_row(str(count), reason)
    yield reasons
    counts = Table(*VERDICTS, "rows", title="Verdicts", title_style="bold")
    found = Counter(row.verdict for row in rows)
    counts.add_row(*(f"[{VERDICTS[verdict]}]{found[verdict]}[/]" for verdict in VERDICTS), str(len(rows)))
    yield counts
