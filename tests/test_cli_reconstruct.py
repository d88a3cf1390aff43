"""`s2f reconstruct`: the picture's path on stdout, the note on stderr, every error one line, and nothing left behind."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile
from made_set import DRAWN_PX, write_set
from PIL import Image

from s2f_core import cli
from s2f_core.reconstruct import NOTE, Reconstructor

ROOT = Path(__file__).resolve().parents[1]
CLIP = ROOT / "data" / "speech" / "french_high_2s_stereo.wav"
HEAVY = ("pandas", "plotly", "sphinx", "papermill", "IPython", "dvc", "itables", "dlib", "matplotlib")


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a checkout with a shipped set."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "params.yaml").touch()
    write_set(folder / "data" / "weights" / "laptop", "6s", "3s")
    return folder


@pytest.fixture
def s2f(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], checkout: Path):
    """Run `s2f reconstruct …` in the checkout, in this process."""
    monkeypatch.chdir(checkout)

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["s2f", "reconstruct", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return Said(left.value.code or 0, *capsys.readouterr())

    return run


def test_a_face_its_path_and_the_note(s2f, checkout: Path, tmp_path: Path) -> None:
    face = tmp_path / "new" / "face.png"
    said = s2f(CLIP, "-o", face, "--exaggerate", "0.7")
    assert (said.code, said.out) == (0, f"{face}\n")
    assert said.err.splitlines() == [NOTE, "Heard: 2.00 s, repeated to 6 s."]
    expected = Reconstructor.load(checkout / "data" / "weights" / "laptop").voice_to_face(CLIP, 0.7)
    assert face.read_bytes() == expected.png()
    with Image.open(face) as picture:
        assert picture.size == (DRAWN_PX, DRAWN_PX) and picture.text["Disclaimer"] == NOTE
    assert list(face.parent.iterdir()) == [face]


def test_for_programs(s2f, checkout: Path, tmp_path: Path) -> None:
    said = s2f(CLIP, "-o", tmp_path / "face.png", "--json", "--model", "3s", "--exaggerate", "-1")
    told = json.loads(said.out)
    model = Reconstructor.load(checkout / "data" / "weights" / "laptop", "3s").networks.sha256
    assert told.pop("recorded_s") == pytest.approx(2.0)
    assert told == {"image": str(tmp_path / "face.png"), "clip_s": 3.0, "repeated": True, "variant": "3s",
                    "model_sha256": model, "exaggerate": -1.0, "note": NOTE}  # fmt: skip
    assert said.err.strip() == NOTE


def test_a_model_is_a_variant_a_folder_or_a_file(s2f, tmp_path: Path) -> None:
    other = write_set(tmp_path / "other", "6s", "3s", seed=1)
    clip = ROOT / "data" / "speech" / "english_low_7s.flac"
    found = {}
    for model in ("6s", "3s", other, other / "voice_encoder_3s.safetensors"):
        said = s2f(clip, "-o", tmp_path / "face.png", "--model", model)
        seconds = "3" if "3s" in str(model) else "6"
        assert f"Heard: the first {seconds} s of 7.00 s." in said.err
        found[model] = (tmp_path / "face.png").read_bytes()
    assert len(set(found.values())) == 4


@pytest.mark.parametrize(("arguments", "reason"), [
    ((CLIP, "-o", "face.jpg"), "the picture is a PNG, but its name is face.jpg; end it with .png"),
    (("none.wav", "-o", "face.png"), "none.wav is missing"),
    ((CLIP, "-o", "face.png", "--exaggerate", "nan"), "exaggeration lies in -1 (the mean face) to 3"),
    ((CLIP, "-o", "face.png", "--model", "6"), "did you mean '6s'? Known: 3s, 6s; or name a trained set's folder"),
    ((CLIP, "-o", "face.png", "--model", "data"), "data holds no trained set"),
    ((CLIP, "-o", "face.png", "--model", "params.yaml"), "a voice encoder is called voice_encoder_<variant>"),
    ((CLIP, "-o", "params.yaml/face.png"), "params.yaml/face.png cannot be written"),
    (("silent.wav", "-o", "face.png"), "silent.wav is silent"),
    (("short.wav", "-o", "face.png"), "short.wav holds 0.20 s; at least 0.5 s of speech are needed"),
])  # fmt: skip
def test_an_error_is_one_line_and_leaves_nothing(s2f, checkout: Path, arguments: tuple[object, ...], reason: str) -> None:
    samples, rate_hz = soundfile.read(CLIP)
    soundfile.write(checkout / "silent.wav", 0 * samples, rate_hz)
    soundfile.write(checkout / "short.wav", samples[: rate_hz // 5], rate_hz)
    before = sorted(checkout.rglob("*"))
    said = s2f(*arguments)
    assert (said.code, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1 and said.err.startswith("s2f: ") and reason in said.err
    assert sorted(checkout.rglob("*")) == before


def test_outside_a_checkout_a_folder_is_needed(
    s2f, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "run from inside a checkout" in s2f(CLIP, "-o", "face.png").err
    assert s2f(CLIP, "-o", "face.png", "--model", checkout / "data" / "weights" / "laptop").code == 0


def test_an_earlier_picture_survives_a_failure(s2f, tmp_path: Path) -> None:
    face = tmp_path / "face.png"
    face.write_bytes(b"earlier")
    assert s2f("none.wav", "-o", face).code == 2
    assert face.read_bytes() == b"earlier" and list(tmp_path.iterdir()) == [face]


def test_what_pages_and_sites_need_is_not_imported() -> None:
    code = f"import sys, s2f_core.cli, s2f_core.reconstruct; print([name for name in {HEAVY} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
