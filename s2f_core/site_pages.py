"""The pages that the site makes itself: the scorecard in front, how to run it again, the ledger line by line."""

import math
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from s2f_core import artifacts
from s2f_core.evaluate.claims import Row
from s2f_core.figures.questions import QUESTIONS, Question
from s2f_core.figures.style import VERDICT_COLOURS, VERDICT_MARKS

ASSETS = Path(__file__).with_name("site_assets")

VERDICTS = {
    "reproduced": "inside the tolerance written down beforehand",
    "shifted": "outside it, but on the paper's side of the baseline",
    "contradicted": "on the other side of the baseline, no effect at all, or not the exact number claimed",
    "untestable": "not measurable here, or too few cases to tell; the row says why",
}
TIERS = {
    "A": "recomputed from the authors' released outputs",
    "B": "re-measured with another instrument",
    "C": "re-implemented on the synthetic or published corpus",
    "D": "not testable here",
}
PIPELINE = ("corpus", "face_models", "voice_encoder", "reconstruct", "evaluate")  # in the order in which data flows
NUMBERS = {"paper": "Paper", "ours": "Ours", "n": "n", "baseline": "Baseline"}


def write_pages(source: Path, rows: list[Row], titles: dict[str, str], profile: str) -> None:
    """Write the pages that are made here: front, how to rerun, ledger."""
    jinja = Environment(loader=FileSystemLoader(ASSETS / "templates"), undefined=StrictUndefined,
                        autoescape=select_autoescape(["html"]))
    lines = _ledger_lines(source / "ledger")
    views = [_view(row, titles, lines) for row in rows]
    missing = sorted({view["page"] for view in views if not view["page_link"]})
    unlisted = [view["id"] for view in views if not view["ledger_line"]]
    for words, names in (("rows name pages that are not made yet", missing), ("rows not in the ledger", unlisted)):
        if names:
            print(f"site: {words}: {', '.join(names)}", file=sys.stderr)
    ledgers = sorted(path.stem for path in source.glob("ledger/*.yaml"))
    pages: list[tuple[str, str, dict[str, Any]]] = [
        ("scorecard.html", "scorecard.html", {
            "rows": views, "missing": missing, "verdicts": VERDICTS, "tiers": TIERS, "marks": VERDICT_MARKS,
            "colours": VERDICT_COLOURS, "n_by_verdict": Counter(row.verdict for row in rows),
            "n_by_tier": Counter(row.tier for row in rows)}),
        ("questions.html", "questions.html", {"questions": [_asked(one, rows, titles) for one in QUESTIONS]}),
        ("index.md", "index.md", {"groups": _groups(titles)}),
        ("rerun.md", "rerun.md", {"profile": profile}),
        ("ledger/index.md", "ledger.md", {"names": ledgers}),
        *((f"ledger/{name}.md", "ledger_file.md", {"name": name}) for name in ledgers),
    ]
    for name, template, values in pages:
        artifacts.write_text(source / name, jinja.get_template(template).render(values))


def _asked(question: Question, rows: list[Row], titles: dict[str, str]) -> dict[str, str]:
    """A question with its answer and the section that charts it; what this profile does not measure says so."""
    link = f"pages/{question.page}.html#{question.anchor}" if question.page in titles else "#questions"
    return {"text": question.text, "link": link, "answer": question.answered(rows)}


def _view(row: Row, titles: dict[str, str], lines: dict[str, str]) -> dict[str, Any]:
    """A row as the template shows it: numbers as text, and as what they sort by; links where they lead somewhere."""
    decimals = _decimals(row.paper)
    numbers = [{"label": label, "text": _number(getattr(row, name), decimals), "interval": "",
                "order": "" if getattr(row, name) is None else getattr(row, name)} for name, label in NUMBERS.items()]
    if row.low is not None and row.high is not None:
        numbers[1]["interval"] = f"[{_number(row.low, decimals)}, {_number(row.high, decimals)}]"
    return row.model_dump() | {
        "rank": list(VERDICTS).index(row.verdict), "numbers": numbers, "page_title": titles.get(row.page, ""),
        "page_link": f"pages/{row.page}.html" if row.page in titles else "",
        "ledger_line": lines.get(row.id.partition("/")[0], "")}


def _number(value: float | int | None, at_least: int = 0) -> str:
    """A number for reading: three significant digits, or `at_least` so many decimals; a dash for none."""
    if value is None:
        return "–"
    digits = 0 if value == 0 else 2 - math.floor(math.log10(abs(value)))
    text = f"{value:.2e}" if digits > 6 else f"{value:,.{min(max(digits, at_least), _decimals(value))}f}"
    return text.replace("-", "−")


def _decimals(value: float | int | None) -> int:
    """How many decimals a number has as it was written."""
    return 0 if value is None else max(0, -Decimal(repr(value)).normalize().as_tuple().exponent)


def _ledger_lines(ledger: Path) -> dict[str, str]:
    """Claim id → the address of the line that holds it in the site's copy of the ledger."""
    found = {}
    for path in sorted(ledger.glob("*.yaml")):
        for _, claims in yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader).value:
            for claim in claims.value:
                ids = (value for key, value in getattr(claim, "value", ()) if key.value == "id")
                found |= {each.value: f"ledger/{path.stem}.html#L-{each.start_mark.line + 1}" for each in ids}
    return found


def _groups(stems: dict[str, str]) -> dict[str, list[str]]:
    """The sidebar: caption → its entries, stems or 'words <stem>'; empty captions left out."""
    def caption(stem: str) -> str:
        return "Pipeline" if _stage(stem) else {"fig": "Figures", "tab": "Tables"}.get(stem[:3], "Audits")

    groups = {name: [f"pages/{stem}" for stem in stems if caption(stem) == name] for name in ("Audits", "Figures", "Tables")}
    groups["Pipeline"] = [f"pages/{stem}" if stem == stage else f"{_named(stem, stage)} <pages/{stem}>"
                          for stage in PIPELINE for stem in stems if _stage(stem) == stage]
    return {name: members for name, members in groups.items() if members}


def _stage(stem: str) -> str:
    """The stage of the pipeline that a page is of, itself or one of its variants; '' for other pages."""
    return next((stage for stage in PIPELINE if stem == stage or stem.startswith(f"{stage}_")), "")


def _named(stem: str, stage: str) -> str:
    """A variant's page by the stage's name and its own: pages of one notebook have one heading."""
    return f"{stage.replace('_', ' ').capitalize()}: {stem.removeprefix(f'{stage}_').replace('_', ' ')}"
