"""Measuring the released files: blocks, resuming, what is kept where. The judges are replaced by a counter here."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from invented_page import entries_of, page, write
from PIL import Image

from s2f_core import artifacts, measure
from s2f_core.features.measure import FaceMeasures

ROOT = Path(__file__).resolve().parents[1]


def readable_page() -> dict[str, bytes]:
    """The invented page with pictures and sounds that can be opened."""
    picture, sound = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (224, 224), "grey").save(picture, "JPEG")
    with wave.open(sound, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.random.default_rng(1).integers(-9, 9, 96_000).astype("<i2").tobytes())
    contents = {".jpg": picture.getvalue(), ".wav": sound.getvalue()}
    # a byte of its own behind each picture keeps their hashes apart
    return {path: contents.get(Path(path).suffix, content) + path.encode() * (path.endswith(".jpg"))
            for path, content in page().items()}


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A fetched invented page in a cache folder, and the sizes of the batches that the judges were asked for."""
    monkeypatch.setenv(measure.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(measure, "manifest", lambda: entries_of(readable_page()))
    write(measure.published_home(), readable_page())
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text().replace("block_clips: 32", "block_clips: 2"))
    asked: list[int] = []

    def judge(paths, *, processes, root, on_progress):
        asked.append(len(paths))
        on_progress and on_progress(len(paths))
        n = len(paths)
        return FaceMeasures(tuple(map(str, paths)), *(np.zeros(shape, kind) for shape, kind in (
            ((n, 4), np.float32), (n, np.int8), (n, np.float32), (n, np.int32), ((n, 68, 2), np.float32),
            ((n, 128), np.float32), (n, np.float32), (n, np.float32))), {})

    monkeypatch.setattr(measure, "measure_faces", judge)
    return asked


def test_every_view_of_every_clip_is_measured_once_and_in_order(tmp_path: Path, measured: list[int]) -> None:
    steps: list[int] = []
    total = measure.n_to_measure(tmp_path, "published")
    measure.measure(tmp_path, "published", processes=1, on_progress=steps.append)
    assert measured == [10, 5, 10, 5]  # 3 clips a half in blocks of 2, five views each
    assert sum(steps) == total == 6 * 6
    clips, tensors = measure.read(tmp_path, "published", "voxceleb")
    assert len(clips) == len(tensors["ori/age"]) == len(tensors["audio/period"]) == 3


def test_a_second_run_measures_nothing_and_an_interrupted_one_only_what_is_missing(tmp_path: Path, measured: list[int]) -> None:
    measure.measure(tmp_path, "published", processes=1)
    first = artifacts.read_json(tmp_path / "results/published/features.json")
    measured.clear()
    measure.measure(tmp_path, "published", processes=1)
    assert measured == [] and measure.n_to_measure(tmp_path, "published") == 0
    next((tmp_path / "cache").glob("*-measures/voxceleb-*")).unlink()
    measure.measure(tmp_path, "published", processes=1)
    assert len(measured) == 1
    assert artifacts.read_json(tmp_path / "results/published/features.json") == first


def test_what_is_written_into_the_repository_names_no_clip_and_holds_no_face(tmp_path: Path, measured: list[int]) -> None:
    measure.take_inventory(tmp_path, "published")
    measure.measure(tmp_path, "published", processes=1)
    written = [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert sorted(path.name for path in written) == ["features.json", "inventory.json"]
    assert "Ann_Example" not in "".join(path.read_text() for path in written)


def test_other_profiles_have_nothing_to_measure_and_say_how_to_get_it(tmp_path: Path, measured: list[int]) -> None:
    measure.take_inventory(tmp_path, "laptop")
    assert measure.n_to_measure(tmp_path, "laptop") == 0
    assert "make paper PROFILE=published" in str(artifacts.read_json(tmp_path / "results/laptop/inventory.json"))


def test_recordings_are_looked_at_for_format_and_loops(tmp_path: Path, measured: list[int]) -> None:
    measure.measure(tmp_path, "published", processes=1)
    _, tensors = measure.read(tmp_path, "published", "avspeech_res")
    assert tensors["audio/format"].tolist() == [[1, 16_000, 96_000]] * 3
    assert tensors["audio/period"].tolist() == [0, 0, 0]
    assert tensors["f2f/size"].tolist() == [[224, 224]] * 3
