"""Test the claims of the paper: gather what is on disk, run every chapter, account for every claim, write the scorecard."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from s2f_core import artifacts, config, measure
from s2f_core.data import experiments, reconstructions, stretches
from s2f_core.data.corpora import published, published_pages
from s2f_core.data.experiments import Experiments
from s2f_core.data.faces import read_face
from s2f_core.errors import InputError
from s2f_core.evaluate.chapters import CHAPTERS, Chapter
from s2f_core.evaluate.claims import Row, load_ledger, untestable, write_scorecard
from s2f_core.evaluate.evidence import EvaluateBlock, Evidence, Half
from s2f_core.evaluate.exaggeration import PixelMoments, person_blocks
from s2f_core.evaluate.held_out import SHOWN, HeldOut
from s2f_core.evaluate.intervals import Estimate
from s2f_core.features.appearance import appearance
from s2f_core.training.log import read_rows

ORDER = ("tab03", "fig04", "labels", "fig05", "fig07", "text", "exaggeration", "fig", "tab", "trained")  # then the rest
FIG08_FOLDERS = tuple(f"{iterations}_{loss}" for iterations in ("200k", "300k", "500k") for loss in ("imgloss", "1kloss"))
NEEDS_TRAINING = "tested with the models trained on the synthetic corpus, on a page that this version does not have yet"
NOT_RELEASED = "needs released examples that are not here: s2f fetch published, or --from a more complete copy"


def gather(root: Path, profile: str) -> Evidence:
    """Read what this profile has. Raises InputError where measures are missing (run `s2f measure` first)."""
    params = config.load(root, "evaluate", EvaluateBlock, profile=profile)
    ledger = load_ledger()
    if profile != measure.PROFILE:
        own = _held_out(root, profile, params)
        return Evidence(ledger, params, held_out=own, experiments=_experiments(root / params.experiments, own))
    home = measure.published_home()
    halves = {half.name: half for name in published.HALVES if (half := _half(root, profile, name, params))}
    return Evidence(
        ledger,
        params,
        queries=_page(published_pages.retrieval_queries, home, "supplemental/retrieve/index.html"),
        statistics=_page(published_pages.craniofacial_statistics, home, "figures/landmark"),
        lists=_page(published_pages.retrieval_lists, home, "figures/retrieval/data.txt"),
        halves=halves,
        fig08=_fig08(home, params.seed),
        fig08_changes=_fig08_changes(home),
        small={test: {name: Estimate(**one) for name, one in some.items()}
               for test, some in reconstructions.read_small(root).items()},
        missing=NOT_RELEASED,
    )


def evaluate(evidence: Evidence, chapters: Sequence[Chapter] = CHAPTERS,
             on_progress: Callable[[int], None] | None = None) -> list[Row]:
    """Run the chapters; then every claim of the ledger that none of them touched becomes a row that says why."""
    rows: list[Row] = []
    for chapter in chapters:
        rows += chapter(evidence)
        if on_progress is not None:
            on_progress(1)
    return rows


def account(evidence: Evidence, rows: Sequence[Row]) -> list[Row]:
    """All claims, the paper's tables and figures first: their rows, or one that says why there is none."""
    by_claim: dict[str, list[Row]] = {}
    for row in rows:
        by_claim.setdefault(row.id.partition("/")[0], []).append(row)
    complete = []
    for name, claim in sorted(evidence.ledger.items(), key=lambda item: _place(item[0])):
        reason = claim.reason or (NEEDS_TRAINING if claim.tier == "C" else evidence.missing)
        complete += by_claim.get(name) or [untestable(claim, reason)]
    return complete


def write(rows: Sequence[Row], detail: dict[str, Any], *, root: Path, profile: str) -> None:
    """Write results/<profile>/scorecard.json and detail.json."""
    folder = root / "results" / profile
    write_scorecard(folder / "scorecard.json", rows)
    artifacts.write_json(folder / "detail.json", detail)


def _place(claim: str) -> int:
    """Place of a claim's chapter on the scorecard; within it the ledger's order stays."""
    return next((place for place, prefix in enumerate(ORDER) if claim.startswith(prefix)), len(ORDER))


def _half(root: Path, profile: str, name: str, params: EvaluateBlock) -> Half | None:
    clips, measures = measure.read(root, profile, name)
    persons = np.array([clip.person for clip in clips])
    if len(set(persons)) < params.fewest:
        return None
    pixels = {view: _sums((read_face(clip.views[view]) for clip in clips), persons, params.seed) for view in published.VIEWS}
    return Half(name, clips, measures, pixels)


def _sums(pictures: Iterable[np.ndarray], persons: Sequence[Any], seed: int) -> PixelMoments:
    blocks, moments = person_blocks(np.asarray(persons), len(persons), seed=seed), None
    for picture, block in zip(pictures, blocks, strict=True):
        moments = moments or PixelMoments(*picture.shape[:2])
        moments.add(picture[None], np.array([block]))
    return moments


def _held_out(root: Path, profile: str, params: EvaluateBlock) -> HeldOut | None:
    """The profile's reconstructions; None where that stage did not run."""
    folder = reconstructions.folder_of(root, profile)
    if not folder.exists():
        return None
    voices = {name: reconstructions.read_voices(folder, name) for name in reconstructions.variants(folder)}
    faces = reconstructions.read_faces(folder)
    drawn = {source: reconstructions.read_drawings(folder, source) for source in (reconstructions.F2F, *voices)}
    pixels = {source: _sums(pictures.values(), faces.ids["test"], params.seed) for source, pictures in drawn.items()}
    looks = {source: [appearance(pictures[one], points) for one, points
                      in zip(faces.ids["test"], voices.get(source, faces).landmarks_px, strict=True)]
             for source, pictures in drawn.items()}
    logs = {variant: read_rows(path) for variant, path in reconstructions.logs(folder).items()}
    return HeldOut(reconstructions.read_people(folder), faces, voices, params.seed, pixels, looks,
                   stretches.read(folder), logs)


def _experiments(folder: Path, own: HeldOut | None) -> Experiments:
    """The audits' tables. Raises InputError where they were made with other weights than the reconstructions."""
    found = experiments.read_all(folder)
    for table in found.tables() if own is not None and SHOWN in own.voices else ():
        if table.model != own.voices[SHOWN].model:
            raise InputError(f"{folder} was made with other weights than those that reconstruct; run `make retrain-audits`, "
                             "and name its folder as `experiments` in the block `evaluate` of params.yaml")
    return found


def _fig08(home: Path, seed: int) -> dict[str, PixelMoments]:
    found = {}
    for name in FIG08_FOLDERS:
        paths = sorted((home / "figures" / "comp_loss" / name).glob("*.jpg"))
        if paths:
            found[name] = _sums((read_face(path) for path in paths), np.arange(len(paths)), seed)
    return found


def _fig08_changes(home: Path) -> np.ndarray | None:
    folders = [home / "figures" / "comp_loss" / f"{iterations}_1kloss" for iterations in ("200k", "300k", "500k")]
    names = sorted(set.intersection(*({path.name for path in folder.glob("*.jpg")} for folder in folders)))
    if not names:
        return None
    early, middle, late = (np.stack([read_face(folder / name) for name in names]).astype(np.float64) for folder in folders)
    return np.stack([np.abs(after - before).mean((1, 2, 3)) for before, after in ((early, middle), (middle, late))], axis=1)


def _page(read: Callable[[Path], Any], home: Path, path: str) -> Any | None:
    """What `read` finds on a page of the authors, or None where it was not fetched."""
    return read(home) if (home / path).exists() else None
