"""The ledger of what the paper publishes (every table, figure and claim in words) and the scorecard of what we find."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, Strict, ValidationError, model_validator

from s2f_core.artifacts import read_json, write_json
from s2f_core.config import nearest, read_yaml
from s2f_core.errors import InputError
from s2f_core.evaluate.verdicts import IN_WORDS, Number, Record, Tolerance, Verdict, because, judge, six_digits

Kind = Literal["table", "figure", "page", "text"]
Tier = Literal["A", "B", "C", "D"]
Page = Literal[
    "fig01_teaser", "fig02_pipeline", "fig03_qualitative", "fig04_attributes", "fig05_craniofacial", "fig06_duration",
    "fig07_retrieval", "fig08_pixel_loss", "fig09_convergence", "fig10_consistency", "fig11_language",
    "fig12_failures", "fig13_cartoon", "fig14_feature_space", "tab01_voice_encoder", "tab02_similarity",
    "tab03_retrieval", "claims", "bias", "identifiability", "controls",
]  # the stems of the notebooks in figures/ and audits/
Words = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(gt=0)]
Labels = Annotated[tuple[Words, ...], Strict(False)]  # YAML and JSON know only lists
Vector = Annotated[tuple[float, ...], Strict(False), Field(min_length=1)]
Matrix = Annotated[tuple[Vector, ...], Strict(False), Field(min_length=1)]


class Claim(Record):
    """One published number, vector or matrix (rows and columns labelled as printed), or one claim in words."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(\.[a-z0-9_]+)+$")]
    page: Page
    kind: Kind
    statement: Words
    value: float | Vector | Matrix | None = None
    rows: Labels | None = None
    cols: Labels | None = None
    unit: Words
    n: Count | None = None
    baseline: float | None = None
    protocol: Words
    source: Words
    tolerance: Tolerance
    tier: Tier
    reason: Words | None = None
    otherwise: Words | None = None  # where ours disagrees: why, as far as it was measured

    @model_validator(mode="after")
    def _can_be_judged(self) -> "Claim":
        if self.tier == "D" and self.reason is None:
            raise ValueError("tier D (not testable here) needs a reason")
        if self.value is None and self.tier != "D" and self.tolerance.kind not in IN_WORDS:
            raise ValueError(f"a tolerance of kind {self.tolerance.kind!r} needs a value to compare with")
        return self

    @model_validator(mode="after")
    def _labels_fit(self) -> "Claim":
        lines = self.value if isinstance(self.value, tuple) else ()
        matrix = bool(lines) and isinstance(lines[0], tuple)
        if matrix and (self.rows is None or self.cols is None):
            raise ValueError("a matrix needs rows and cols")
        if self.rows is not None and len(set(self.rows)) != len(lines):
            raise ValueError(f"rows must name each line of the value once, got {self.rows} for {len(lines)}")
        if self.cols is not None and not (matrix and all(len(line) == len(set(self.cols)) for line in lines)):
            raise ValueError(f"cols must name each column of a matrix once, got {self.cols}")
        return self


class Row(Record):
    """One line of the scorecard: the paper's number beside ours, with n and a 95 % interval, or the reason for none."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(\.[a-z0-9_]+)+/[a-z0-9_.]+$")]
    kind: Kind
    source: Words
    statement: Words
    paper: float | None
    ours: float | None
    unit: Words
    n: Count | None
    low: float | None
    high: float | None
    baseline: float | None
    verdict: Verdict
    tier: Tier
    page: Page
    reason: Words | None

    @model_validator(mode="after")
    def _is_accounted_for(self) -> "Row":
        if self.reason is None and (self.verdict == "untestable" or None in (self.n, self.low, self.high)):
            raise ValueError(f"{self.id}: needs n, low and high, or a reason; 'untestable' always needs the reason")
        if (self.low is None) != (self.high is None) or (self.low is not None and self.low > self.high):
            raise ValueError(f"{self.id}: an interval has low ≤ high, got [{self.low}, {self.high}]")
        if self.verdict != "untestable" and (self.ours is None or self.tier == "D"):
            raise ValueError(f"{self.id}: {self.verdict!r} needs a number of ours and a tier other than D")
        return self


def load_ledger(folder: Path | None = None) -> dict[str, Claim]:
    """All claims by id, in the order of the files' names and lines.

    Each file of `folder` (default: the package's own ledger) holds a list `claims` and may hold `defaults`, the keys
    that its claims share. Raises InputError naming the file, the claim, the key and the nearest right name.
    """
    folder = folder or Path(str(files("s2f_core") / "ledger"))
    claims: dict[str, Claim] = {}
    for path in sorted(folder.glob("*.yaml")):
        for entry in _entries(path):
            claim = _claim(entry, path.name)
            if claim.id in claims:
                raise InputError(f"{path.name}: claim {claim.id!r} is in the ledger already; give one another id")
            claims[claim.id] = claim
    if not claims:
        raise InputError(f"{folder} holds no claims (*.yaml); install the package again")
    return claims


def _entries(path: Path) -> list[dict[str, Any]]:
    document = read_yaml(path)
    keys = list(document) if isinstance(document, dict) else []
    for key in keys:
        if key not in ("claims", "defaults"):
            raise InputError(f"{path.name}: unknown key {key!r}; {nearest(str(key), ['claims', 'defaults'])}")
    if "claims" not in keys or not all(isinstance(entry, dict) for entry in document["claims"] or [None]):
        raise InputError(f"{path.name} must hold `claims`, a list of mappings, and may hold `defaults`; write it so")
    return [{**(document.get("defaults") or {}), **entry} for entry in document["claims"]]


def _claim(entry: dict[str, Any], file: str) -> Claim:
    try:
        return Claim.model_validate(entry)
    except ValidationError as error:
        # A misspelt key is told twice, as unknown and as missing; only "unknown" says what to repair.
        fault = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        where, came = [str(part) for part in fault["loc"]], str(fault["input"])
        hint = "" if fault["type"] in ("missing", "value_error") else f", got {came[:80]!r}"
        if fault["type"] in ("extra_forbidden", "missing"):
            model = Tolerance if where[0] == "tolerance" and len(where) > 1 else Claim
            hint += f"; {nearest(where[-1], list(model.model_fields))}"
        if where == ["page"]:
            hint += f"; {nearest(came, list(get_args(Page)))}"
        place = f"{file}: claim {entry.get('id')!r}: {'.'.join(where) or 'keys'}"
        raise InputError(f"{place}: {fault['msg']}{hint}") from None


def cell(claim: Claim, row: str, col: str | None = None) -> float:
    """One number of a labelled vector (by row) or matrix (by row and column). Raises InputError on a wrong label."""
    value: Any = claim.value
    for labels, label in ((claim.rows, row), (claim.cols, col)):
        if labels is None and label is None:
            continue
        if labels is None or label not in labels:
            raise InputError(f"{claim.id} has no label {label!r}; {nearest(str(label), list(labels or ()))}")
        value = value[labels.index(label)]
    return value


def compare(claim: Claim, *, reading: str, ours: Number, n: int | None, low: Number | None, high: Number | None,
            paper: Number | None = None, baseline: Number | None = None, statement: str | None = None,
            tier: Tier | None = None, reason: str | None = None) -> Row:
    """The scorecard's row for one way (`reading`) of measuring `claim`; what is left out is taken from the claim.

    Args:
        paper: one cell of the claim where it holds several (`cell`).
        n, low, high: None where nothing is sampled (a count of all there is); `reason` then says so.
    """
    paper = claim.value if paper is None and not isinstance(claim.value, tuple) else paper
    ours, low, high, baseline = map(six_digits, (ours, low, high, claim.baseline if baseline is None else baseline))
    verdict = judge(claim.tolerance, paper=paper, ours=ours, low=low, high=high, baseline=baseline)
    reason = reason or because(verdict, n, claim.otherwise)
    return Row(id=f"{claim.id}/{reading}", kind=claim.kind, source=claim.source, statement=statement or claim.statement,
               paper=paper, ours=ours, unit=claim.unit, n=n, low=low, high=high, baseline=baseline, verdict=verdict,
               tier=tier or claim.tier, page=claim.page, reason=reason)


def untestable(claim: Claim, reason: str | None = None, *, reading: str = "paper") -> Row:
    """The row of a claim that is not measured, for `reason` (default: the one in the ledger)."""
    paper = None if isinstance(claim.value, tuple) else claim.value
    return Row(id=f"{claim.id}/{reading}", kind=claim.kind, source=claim.source, statement=claim.statement, paper=paper,
               ours=None, unit=claim.unit, n=None, low=None, high=None, baseline=claim.baseline, verdict="untestable",
               tier=claim.tier, page=claim.page, reason=reason or claim.reason)


def write_scorecard(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as a JSON list, in the order given. Raises ValueError where two rows share an id."""
    ids = [row.id for row in rows]
    if len(set(ids)) != len(ids):
        raise ValueError(f"rows share ids: {sorted({name for name in ids if ids.count(name) > 1})}")
    write_json(path, [row.model_dump() for row in rows])


def read_scorecard(path: Path) -> list[Row]:
    """Read what `write_scorecard` wrote. Raises InputError where the file is missing, broken or of another version."""
    try:
        return [Row.model_validate(row) for row in read_json(path)]
    except ValidationError as error:
        fault = error.errors()[0]
        raise InputError(f"{path} is no scorecard of this version ({fault['msg']}); run `s2f verify` again") from None
