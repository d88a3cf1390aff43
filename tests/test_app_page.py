"""The app without a browser: what is shown, that trouble leaves it standing, and that no sound reaches the disk."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from checkout import ROOT
from lab_visitor import small_checkout
from test_audio import tone

from s2f_core import artifacts
from s2f_core.app.listener import VARIANTS
from s2f_core.app.page import App
from s2f_core.app.shelf import open_shelf
from s2f_core.app.sound_input import SoundInput
from s2f_core.data.corpora import examples
from s2f_core.evaluate import face_judge
from s2f_core.held_out import faint
from s2f_core.reconstruct import NOTE

SPEECH = ROOT / "data" / "speech"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_checkout(tmp_path_factory.mktemp("app") / "checkout")


@pytest.fixture(scope="module")
def app(root: Path) -> App:
    return App(root, "smoke")


def upload(widget: SoundInput, content: bytes, name: str = "a.wav", kind: str = "file", size: int = 2**20) -> None:
    """Send as the browser does, in parts."""
    parts = [content[first : first + size] for first in range(0, max(1, len(content)), size)]
    for part, some in enumerate(parts):
        widget.receive(widget, {"kind": kind, "name": name, "part": part, "parts": len(parts)}, [memoryview(some)])


def shown(app: App) -> str:
    voice = app.voice
    return "".join(one.value for one in (voice.heard, voice.drawn, voice.around))


def faces(content: str) -> list[str]:
    return re.findall(r'<figure.*?src="data:image/webp;base64,([^"]+)"', content)


def test_a_sound_is_shown_with_faces_neighbours_readings_and_the_caution(app: App) -> None:
    upload(app.voice.input, (SPEECH / "english_low_7s.flac").read_bytes(), "english_low_7s.flac")
    assert "Heard english_low_7s.flac" in app.voice.status.value and "first 6 s of 7.0 s" in app.voice.status.value
    content = shown(app)
    assert len(faces(app.voice.drawn.value)) == 1 + 6 + len(VARIANTS) and len(faces(app.voice.around.value)) == 5
    assert NOTE in content and all(name in content for name in VARIANTS)
    assert "true face can be told for voices of the corpus only" in content and "<audio controls aria-label=" in content
    for tag in re.findall("<img[^>]*>", content + app.bench.drawn.value + app.bench.heard.value):
        assert re.search(r'alt="[^"]{8,}"', tag)


def test_a_test_voice_has_a_true_face_and_a_rank_beside_chance(app: App) -> None:
    person = next(iter(app.voice.shelf.voices))
    app.voice.voices.value = person
    assert re.search(r"true face comes at number \d+ of 16, which is in the first [\d.]+ %. Guessing gives number 8.5",
                     app.voice.around.value)
    assert f"true face of {person}" in app.voice.around.value
    upload(app.voice.input, (SPEECH / "spanish_low_3s.mp3").read_bytes())
    assert app.voice.voices.value == "" and "true face of" not in app.voice.around.value


@pytest.mark.parametrize(("content", "name", "words"), [
    (b"not audio\n" * 99, "a<b>.txt", "A&lt;b&gt;.txt is not a sound file"), (b"", "b.wav", "B.wav is empty"),
    (bytes(21 * 2**20), "c.wav", "C.wav has 2"),
])
def test_trouble_is_one_friendly_line_and_nothing_shown_is_lost(app: App, content: bytes, name: str, words: str) -> None:
    upload(app.voice.input, (SPEECH / "spanish_low_3s.mp3").read_bytes())
    before = shown(app)
    upload(app.voice.input, content, name)
    assert words in app.voice.status.value and 'role="alert"' in app.voice.status.value
    assert "Traceback" not in app.voice.status.value and shown(app) == before
    upload(app.voice.input, np.full(16_000, np.nan, np.float32).tobytes(), kind="recording")
    assert "The recording holds 16,000 NaN" in app.voice.status.value and shown(app) == before
    upload(app.voice.input, tone(200, 2).tobytes(), kind="recording")
    assert "Heard the recording" in app.voice.status.value and shown(app) != before


def test_parts_out_of_order_and_unknown_messages_do_nothing(app: App) -> None:
    before = app.voice.status.value
    for content, buffers in (({"kind": "file", "name": "a", "part": 1, "parts": 2}, [b"x"]), ({"kind": "other"}, [b"x"]),
                             ({"kind": "file", "part": 0, "parts": 1}, []), ("words", [b"x"])):
        app.voice.input.receive(app.voice.input, content, buffers)
    assert app.voice.status.value == before


def test_exaggeration_changes_all_faces_and_at_minus_one_they_are_one(app: App) -> None:
    upload(app.voice.input, (SPEECH / "english_low_7s.flac").read_bytes())
    assert not app.voice.exaggeration.disabled
    plain = faces(app.voice.drawn.value)
    app.voice.exaggeration.value = 1.4
    strong = faces(app.voice.drawn.value)
    assert all(one != other for one, other in zip(plain, strong, strict=True))
    app.voice.exaggeration.value = -1.0
    assert len(set(faces(app.voice.drawn.value))) == 1
    app.voice.exaggeration.value = 0.0
    assert faces(app.voice.drawn.value) == plain


def test_the_bench_follows_its_sliders_and_comes_back(app: App) -> None:
    bench, start = app.bench, faces(app.bench.drawn.value)
    assert start[0] == start[1]
    for slider in (bench.f0, bench.vtl, bench.breath, bench.tempo):
        before = faces(bench.drawn.value)
        slider.value = slider.max
        now = faces(bench.drawn.value)
        assert now[0] != before[0] and now[1] == start[1]
    bench.reset.click()
    assert faces(bench.drawn.value) == start
    assert "property of this network" in bench.drawn.value and "Base voice af_alloy" in bench.heard.value


def test_another_language_and_another_base_set_sliders_and_sentence(app: App) -> None:
    bench = app.bench
    assert bench.base.value == "af_alloy"
    bench.f0.value = 200
    english = bench.heard.value
    bench.language.value = "hi"  # which the same base voice speaks: the sliders stay
    assert bench.base.value == "af_alloy" and bench.f0.value == 200 and bench.heard.value != english
    bench.language.value = "it"  # which it does not
    assert bench.base.value == "if_sara+af_bella" and "Base voice if_sara+af_bella" in bench.heard.value
    bench.language.value, bench.base.value = "en-us", "am_eric"
    assert bench.f0.min <= bench.f0.value <= bench.f0.max and bench.vtl.max == pytest.approx(19.2)
    assert "Base voice am_eric" in bench.heard.value


def test_a_change_on_the_bench_costs_less_than_half_a_second(app: App) -> None:
    """Of one processor, so that other work on the machine does not count."""
    seconds = []
    for step in range(6):
        began = time.process_time()
        app.bench.tempo.value = 0.8 + 0.05 * step
        seconds.append(time.process_time() - began)
    assert np.median(seconds) < 0.5


def test_every_control_has_a_label(app: App) -> None:
    bench, voice = app.bench, app.voice
    for control in (bench.language, bench.base, bench.f0, bench.vtl, bench.breath, bench.tempo, bench.reset, voice.voices,
                    voice.exaggeration):
        assert control.description
    assert app.tabs.titles == ("Your voice", "Voice bench")


def test_the_shelf_is_made_once_and_reads_as_the_judge_does(app: App, root: Path) -> None:
    path = root / "results" / "smoke" / "app" / "shelf.safetensors"
    made, networks = path.stat().st_mtime_ns, app.voice.listener.main
    shelf = open_shelf(root, "smoke", networks)
    assert path.stat().st_mtime_ns == made and len(shelf.ids) == len(shelf.faces) == len(shelf.gallery) == 16


    people = examples.faces(root / "data" / "corpus" / "smoke", "train")
    seen = networks.see(torch.from_numpy(people.canonical)).numpy()
    judged = face_judge.fit(people.facts, faint(networks, seen))(shelf.heard)
    np.testing.assert_allclose(shelf.judge[0] + shelf.heard @ shelf.judge[1:],
                               np.stack([judged.woman, judged.age], 1), rtol=1e-5, atol=1e-5)


def test_a_shelf_of_other_weights_is_made_anew(root: Path, app: App) -> None:
    path = root / "results" / "smoke" / "app" / "shelf.safetensors"
    tensors, meta = artifacts.read_tensors(path)
    artifacts.write_tensors(path, {**tensors, "gallery": tensors["gallery"] * 0}, {**meta, "made_of": ["other", "ones"]})
    assert np.abs(open_shelf(root, "smoke", app.voice.listener.main).gallery).max() > 0
