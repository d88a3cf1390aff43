"""The app as visitors meet it: in JupyterLab and as a web page, with files, sliders, a microphone, and strangers outside."""

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile
from checkout import ROOT
from chromium import need_a_browser
from lab_visitor import JUPYTERLAB, PAGE, VOILA, Visitor, run_all, served, small_checkout

from s2f_core.app.page import App

SPEECH = ROOT / "data" / "speech"
RIGHT = "\ue014"  # the arrow key, as WebDriver writes it
OVERFLOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
NewVisitor = Callable[..., Visitor]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_a_browser()
    root = small_checkout(tmp_path_factory.mktemp("browser") / "checkout")
    App(root, "smoke")  # looks at all faces, once
    return root


@pytest.fixture(scope="module")
def address(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(VOILA, home=tmp_path_factory.mktemp("voila"), cwd=checkout) as found:
        yield found


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[NewVisitor]:
    """Makes visitors, and sees them off."""
    here: list[Visitor] = []

    def arrive(**given: object) -> Visitor:
        here.append(Visitor(tmp_path / f"visitor{len(here)}", **given))
        return here[-1]

    yield arrive
    for one in here:
        one.driver.quit()


def asked(url: str, **headers: str) -> tuple[int, str, str]:
    """Status, final address and text of an answer; the proxies of this machine are not asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return answer.status, answer.url, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, url, error.read().decode()


def test_without_the_token_or_from_elsewhere_nothing_is_served(address: str) -> None:
    bare, _, token = address.partition("?")
    for url in (bare, f"{bare}?token=wrong", f"{bare}voila/files/{PAGE.name}", f"{bare}api/kernels/x"):
        status, at, text = asked(url)
        assert (status >= 400 or "/login" in at) and "Try your voice" not in text and "open_app" not in text, url
    assert asked(f"{bare}?{token}", Host="elsewhere.example")[0] == 403
    assert asked(f"{bare}voila/files/{PAGE.name}?{token}")[0] >= 400


def test_two_visitors_each_have_their_own_page_and_none_sees_code(address: str, visit: NewVisitor) -> None:
    one, other = visit(), visit(width=390)
    for visitor in (one, other):
        visitor.driver.get(address)
    for visitor, name in ((one, "english_low_7s.flac"), (other, "spanish_low_3s.mp3")):
        visitor.app()
        visitor.choose_file(SPEECH / name)
        visitor.says(f"Heard {name}")
        assert visitor.run(OVERFLOW) == 0
    before = [visitor.largest_face() for visitor in (one, other)]
    one.slide("Exaggeration", RIGHT * 3)
    one.another_face(before[0])
    assert other.largest_face() == before[1] and "spanish_low_3s.mp3" in other.says("Heard")
    for visitor in (one, other):
        assert "open_app" not in visitor.driver.page_source and "Traceback" not in visitor.driver.page_source
        assert visitor.answered_from_elsewhere() == []
    one.tab("Voice bench")
    assert [handle.accessible_name for handle in one.driver.find_elements("css selector", ".noUi-handle")
            if handle.is_displayed()] == ["Pitch, F0 (Hz)", "Vocal tract (cm)", "Breathiness", "Tempo"]
    before[0] = one.largest_face()
    one.slide("Pitch", RIGHT * 5)
    one.another_face(before[0])


def test_a_recording_becomes_a_face(address: str, visit: NewVisitor, tmp_path: Path) -> None:
    samples, rate_hz = soundfile.read(SPEECH / "english_low_7s.flac")
    soundfile.write(tmp_path / "spoken.wav", samples, rate_hz, subtype="PCM_16")
    visitor = visit(microphone=tmp_path / "spoken.wav")
    visitor.driver.get(address)
    visitor.app()
    visitor.find(".s2f-record").click()
    visitor.says("Recording: 2")
    visitor.find(".s2f-record").click()
    assert " were repeated to 6 s" in visitor.says("Heard the recording")
    assert visitor.largest_face().startswith("data:image/webp")
    assert visitor.says("microphone is off")


def test_trouble_is_told_and_what_was_shown_stays(address: str, visit: NewVisitor, tmp_path: Path) -> None:
    visitor = visit()
    visitor.driver.get(address)
    visitor.app()
    visitor.choose_file(SPEECH / "french_high_2s_stereo.wav")
    before = visitor.says("Heard french") and visitor.largest_face()
    visitor.find(".s2f-record").click()  # there is no microphone, or it is not allowed
    assert visitor.says("choose a file")
    (tmp_path / "large.wav").write_bytes(bytes(21 * 2**20))
    (tmp_path / "words.txt").write_text("no sound\n" * 99, encoding="utf-8")
    visitor.choose_file(tmp_path / "large.wav")
    assert "up to 20 MB" in visitor.says("has 21 MB")
    visitor.choose_file(tmp_path / "words.txt")
    assert "convert it to wav or flac" in visitor.says("is not a sound file")
    assert visitor.largest_face() == before


def test_in_jupyterlab_the_page_runs_follows_and_is_saved_without_sound(
    checkout: Path, visit: NewVisitor, tmp_path: Path
) -> None:
    with served(JUPYTERLAB, home=tmp_path / "lab", cwd=checkout) as address:
        visitor = visit()
        run_all(visitor, address)
        visitor.app()
        visitor.choose_file(SPEECH / "french_high_2s_stereo.wav")
        visitor.says("Heard french_high_2s_stereo.wav")
        for tab, slider in (("Your voice", "Exaggeration"), ("Voice bench", "Vocal tract")):
            visitor.tab(tab)
            before = visitor.largest_face()
            visitor.slide(slider, RIGHT * 4)
            visitor.another_face(before)
        visitor.driver.execute_async_script("jupyterapp.commands.execute('docmanager:save').then(arguments[0])")
        assert visitor.answered_from_elsewhere() == []
    saved = (checkout / PAGE).read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget-view+json" in saved  # the page was run and saved
    assert "data:audio" not in saved and "french_high" not in saved and "widget-state" not in saved
