"""The cards say what lies on disk: no typed number, every arrow, the right counts, hashes and formats, the same bytes twice."""

import copy
import hashlib
import json
import re
import shutil
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from checkout import ROOT

from s2f_core import cards, config, corpus_counts
from s2f_core.errors import InputError
from s2f_core.synthesis import languages
from s2f_core.synthesis.causes import ARROWS

SMOKE = ROOT / "data" / "corpus" / "smoke"
NAMES = ("MODEL_CARD.md", "DATA_CARD.md", "croissant.json")


def row(identity: str, ours: float | None, **changes: Any) -> dict[str, Any]:
    return {"id": identity, "statement": f"Statement of {identity}.", "ours": ours, "unit": "share of people", "n": 77,
            "low": 0.1212, "high": 0.3434, "baseline": 0.0505, "verdict": "reproduced", "tier": "C", **changes}


ROWS = [row("trained.heard.found/6s.percent5", 0.2323), row("trained.face.sex/6s", 0.8787, unit="r"),
        row("trained.heard.silent/6s", None), row("fig05.of.others", 0.6565, tier="B")]


def lay_out(root: Path, rows: list[dict[str, Any]]) -> Path:
    """A checkout with the corpus `smoke` and a made-up scorecard."""
    for name in ("params.yaml", "CITATION.cff"):
        shutil.copy(ROOT / name, root / name)
    for name in ("corpus/smoke", "head/README.md", "voicebank/README.md", "weights/laptop"):
        link = root / "data" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT / "data" / name)
    path = root / "results" / "smoke" / "scorecard.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), encoding="utf-8")
    return root


def written(root: Path, rows: list[dict[str, Any]]) -> dict[str, str]:
    paths = cards.write(lay_out(root, rows), "smoke")
    assert [path.name for path in paths] == list(NAMES)
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def people() -> list[tuple[str, dict[str, Any]]]:
    """A referee's reading of the shards: kind of shard and JSON, through Python's tar alone."""
    found = []
    for path in sorted(SMOKE.glob("*.tar.gz")):
        with tarfile.open(path) as tar:
            found += [(path.name.split("-")[0], json.load(tar.extractfile(member))) for member in tar
                      if member.name.endswith(".json")]
    return found


def test_numbers_in_the_model_card_are_those_of_the_scorecard(tmp_path: Path) -> None:
    text = written(tmp_path, ROWS)["MODEL_CARD.md"]
    [line] = [line for line in text.splitlines() if line.startswith("| `trained.heard.found/6s.percent5`")]
    gallery = sum(kind == "faces" and one["split"] in ("test", "gallery") for kind, one in people())
    assert line.split(" | ")[2:] == ["0.2323 [0.1212, 0.3434]", "share of people", "77", "0.0505", str(gallery),
                                     "reproduced |"]
    assert "0.8787" in text and "fig05.of.others" not in text and "trained.heard.silent" not in text
    changed = copy.deepcopy(ROWS)
    changed[0] |= {"ours": 0.9191, "n": 4321}
    again = written(tmp_path, changed)["MODEL_CARD.md"]
    assert "0.2323" not in again and again.count("0.9191") == text.count("0.2323") == 2  # front matter and table
    assert again.replace("0.9191", "0.2323").replace("4321", "77") == text


def test_audits_fill_their_section_or_are_said_to_be_missing(tmp_path: Path) -> None:
    assert "audits of bias and risk were not measured in this profile" in written(tmp_path, ROWS)["MODEL_CARD.md"]
    text = written(tmp_path, [*ROWS, row("audit.noise.found", 0.4747)])["MODEL_CARD.md"]
    assert "audits of bias and risk were not measured" not in text
    assert "0.4747" in text.split("## Bias, risks and limitations")[1]


@pytest.mark.parametrize("path", sorted(cards.TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_no_template_holds_a_number(path: Path) -> None:
    """Left out: the year of the paper and the 2 in its name; the level of the intervals."""
    words = re.sub(r"Speech2Face|CVPR 2019|95 %", "", path.read_text(encoding="utf-8"))
    assert not re.findall(r"\d+", words)


def test_the_front_matter_is_read_by_hugging_faces_own_parser(tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    data = ModelCard(written(tmp_path, ROWS)["MODEL_CARD.md"], ignore_metadata_errors=False).data
    [result] = data.eval_results
    assert (result.metric_type, result.metric_value, data.license) == ("recall", 0.2323, "apache-2.0")
    assert (result.metric_args["n"], result.metric_args["low"], result.metric_args["high"]) == (77, 0.1212, 0.3434)


def test_every_hash_of_the_weights_stands_in_the_model_card(tmp_path: Path) -> None:
    from safetensors import safe_open

    text = written(tmp_path, ROWS)["MODEL_CARD.md"]
    for path in (ROOT / "data" / "weights" / "laptop").glob("*.safetensors"):
        with safe_open(str(path), framework="numpy") as file:
            assert f"`{json.loads(file.metadata()['s2f'])['content_sha256']}`" in text, path.name


def test_every_arrow_language_and_world_stands_in_the_data_card(tmp_path: Path) -> None:
    text = written(tmp_path, ROWS)["DATA_CARD.md"]
    for one in ARROWS:
        assert f"| {one.cause} | {one.effect} | {one.strength:g} | {one.unit} | {one.source} |" in text
    for morph, shares in languages.OWN_TABLE.items():
        assert f"| {morph} | " + " | ".join(f"{shares.get(one, 0):g}" for one in languages.LANGUAGES) + " |" in text
    for name, world in config.read_yaml(ROOT / "params.yaml")["base"]["worlds"].items():
        assert f"| {name} | " + " | ".join(map(str, world.values())) + " |" in text


def test_counts_are_a_referees(tmp_path: Path) -> None:
    text = written(tmp_path, ROWS)["DATA_CARD.md"]
    facts = people()
    for split in ("train", "validation", "test"):
        n = sum(kind == "faces" and one["split"] == split for kind, one in facts)
        seconds = [one["seconds"] for kind, one in facts if kind == "voices" and one["split"] == split]
        assert f"| {split} | {n} | {len(seconds)} | {sum(seconds):,.0f} |" in text
    for key in ("sex", "morph", "language", "first_language"):
        for value, n in Counter(one["attributes"][key] for kind, one in facts if kind == "faces").items():
            assert re.search(rf"^\| {value} \|.* \| {n} \| [\d.]+% \|$", text, re.M), (key, value, n)


@pytest.mark.parametrize(("age", "band"), [(18.0, "18 to 19"), (19.9, "18 to 19"), (20.0, "20 to 29"), (85.0, "80 to 85")])
def test_an_age_falls_into_its_decade(age: float, band: str) -> None:
    assert corpus_counts.band(age) == band


@pytest.mark.filterwarnings("default")  # mlcroissant's own
def test_the_croissant_is_valid_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    import mlcroissant

    def offline(*_: Any) -> None:
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", offline)
    written(tmp_path, ROWS)
    dataset = mlcroissant.Dataset(jsonld=str(tmp_path / "results" / "smoke" / "cards" / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert {one.id for one in dataset.metadata.record_sets} == {"people", "recordings"}


def test_every_field_of_the_croissant_is_in_every_sample(tmp_path: Path) -> None:
    types = {"sc:Text": str, "sc:Float": (int, float)}
    sets = {one["@id"]: one for one in json.loads(written(tmp_path, ROWS)["croissant.json"])["recordSet"]}
    for name, kind in (("people", "faces"), ("recordings", "voices")):
        for field in sets[name]["field"]:
            assert field["source"]["fileSet"]["@id"] == f"{kind}-json"
            for value in (one for what, one in people() if what == kind):
                for key in field["source"]["extract"]["jsonPath"].removeprefix("$.").split("."):
                    value = value[key]
                assert isinstance(value, types[field["dataType"]]), field["@id"]


def test_the_croissant_holds_the_hash_and_size_of_every_file(tmp_path: Path) -> None:
    text = written(tmp_path, ROWS)["croissant.json"]
    files = [one for one in json.loads(text)["distribution"] if one["@type"] == "cr:FileObject"]
    assert {one["name"] for one in files} == {path.name for path in SMOKE.iterdir()}
    for one in files:
        content = (SMOKE / one["name"]).read_bytes()
        assert (one["sha256"], one["contentSize"]) == (hashlib.sha256(content).hexdigest(), f"{len(content)} B")
        assert one["contentUrl"] == f"../../../data/corpus/smoke/{one['name']}"


def test_the_cards_are_the_same_bytes_in_another_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    texts = written(tmp_path / "one", ROWS)
    assert texts == written(tmp_path / "two", ROWS)
    assert not [name for name, text in texts.items() if str(tmp_path) in text or str(ROOT) in text]


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    root = lay_out(tmp_path, ROWS)
    (root / "data" / "voicebank" / "README.md").unlink()
    with pytest.raises(InputError, match="has no section 'Made from'"):
        cards.write(root, "smoke")
    (root / "data" / "weights" / "laptop").unlink()
    with pytest.raises(InputError, match="no weights in"):
        cards.write(root, "smoke")
