"""The site as files: complete, linked, escaped, alone on its machine, and never half there."""

import contextlib
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import made_site
import pytest
from nbformat.v4 import new_markdown_cell

from s2f_core import site
from s2f_core.errors import InputError


class Document(HTMLParser):
    """What a page links, loads, names and says."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.tags: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.ids |= {given["id"]} if "id" in given else set()
        links = self.links if tag == "a" else self.loads
        links += [given[name] for name in ("href", "src", "action") if name in given]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    with (root / "said.txt").open("w", encoding="utf-8") as said, contextlib.redirect_stderr(said):
        return made_site.build(root)


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[str, Document]:
    return {path.relative_to(built).as_posix(): Document(path) for path in sorted(built.rglob("*.html"))}


def fingerprints(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_front_page_counts_every_verdict_and_tier_and_says_what_they_mean(built: Path) -> None:
    text = (built / "index.html").read_text(encoding="utf-8")
    assert re.search(r"<h1>\s*Speech2Face, re-measured", text)
    assert "not a likeness" in text
    assert "Profile <b>smoke</b> · s2f-core" in text
    for verdict in made_site.VERDICTS:
        assert f'<option value="{verdict}">{verdict} (15)</option>' in text
    for tier, n_rows in {"A": 15, "B": 15, "C": 15, "D": 15}.items():
        assert re.search(rf'<option value="{tier}">{tier} · [^<]+ \({n_rows}\)</option>', text)
    for meaning in (*site.site_pages.VERDICTS.values(), *site.site_pages.TIERS.values()):
        assert meaning.replace("'", "&#39;") in text


def test_a_row_shows_its_numbers_and_an_untestable_one_its_reason(built: Path) -> None:
    rows = re.findall(r"<tr>\n(<td.*?)</tr>", (built / "index.html").read_text(encoding="utf-8"), re.DOTALL)
    assert len(rows) == made_site.N_ROWS
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", rows[1], re.DOTALL)]
    assert cells[1:] == ["◆ shifted", "B", "0.51", "1,115.5 [−1.5, 2,000.25]", "101", "0.25", "share of faces"]
    assert "nobody released &lt;what&gt; it needs" in rows[3]
    assert '<td data-label="Ours" class="s2f-number" data-order="">–</td>' in rows[3]


def test_a_row_leads_to_its_page_and_to_the_line_of_the_ledger_that_holds_its_claim(
        built: Path, pages: dict[str, Document]) -> None:
    assert pages["index.html"].links.count("pages/fig04_attributes.html") == 20 + 1  # its rows and the sidebar
    ledger = (built / "ledger" / "made.html").read_text(encoding="utf-8")
    for claim in ("fig04.first", "tab03.inline", "text.hostile"):
        [line] = {number for number, text in enumerate(made_site.LEDGER.splitlines(), start=1) if claim in text}
        assert f"ledger/made.html#L-{line}" in pages["index.html"].links
        assert claim in re.sub(r"<[^>]+>", "", ledger.split(f'<span id="L-{line}">')[1].split("\n")[0])


def test_what_a_row_says_is_text_and_never_html(pages: dict[str, Document]) -> None:
    assert pages["index.html"].text.count(made_site.HOSTILE) == 20
    assert pages["index.html"].tags.count("table") == 1


def test_a_missing_page_and_a_claim_outside_the_ledger_are_said_and_not_linked(
        built: Path, pages: dict[str, Document]) -> None:
    front, said = pages["index.html"], (built.parents[2] / "said.txt").read_text(encoding="utf-8")
    assert front.text.count("tab03_retrieval (not made yet)") == 20
    assert front.text.count("Fig. 4(a) (not in the ledger)") == 1
    assert not [link for link in front.links if "tab03" in link]
    assert "site: rows name pages that are not made yet: tab03_retrieval\n" in said
    assert f"site: rows not in the ledger: {made_site.UNLISTED}/reading_59\n" in said


def test_the_sidebar_goes_from_the_scorecard_to_the_figures(built: Path, pages: dict[str, Document]) -> None:
    text = (built / "rerun.html").read_text(encoding="utf-8")
    sidebar = text.split('<nav class="bd-links bd-docs-nav" aria-label="Main">')[1].split("</nav>")[0]
    words = [word for word in re.sub(r"<[^>]+>", "\n", sidebar).split("\n") if word.strip()]
    assert [word.strip() for word in words][:6] == [
        "Scorecard", "Audits", "Every claim", "Figures", "Figure 4 · attributes", "About"]
    assert "pages/fig07_retrieval.failed.html" not in pages


def test_every_link_leads_somewhere(built: Path, pages: dict[str, Document]) -> None:
    dead = []
    for name, page in pages.items():
        for link in page.links + page.loads:
            target = urlsplit(link)
            if target.scheme or not (target.path or target.fragment):
                continue
            path = (built / name).parent / unquote(target.path) if target.path else built / name
            goal = pages.get(path.resolve().relative_to(built.resolve()).as_posix())
            if not path.is_file() or (target.fragment and goal and target.fragment not in goal.ids):
                dead.append(f"{name}: {link}")
    assert not dead


def test_nothing_is_loaded_from_elsewhere_and_plotly_only_by_pages_with_charts(
        built: Path, pages: dict[str, Document]) -> None:
    assert not [f"{name}: {load}" for name, page in pages.items() for load in page.loads
                if urlsplit(load).scheme not in ("", "data") or urlsplit(load).netloc]
    assert len(list(built.rglob("plotly*.js"))) == 1
    assert [name for name, page in pages.items() if any("plotly" in load for load in page.loads)] \
        == ["pages/fig04_attributes.html"]
    assert "math" in pages["pages/fig04_attributes.html"].tags  # formulas are the browser's work


def test_the_same_results_give_the_same_bytes_whatever_the_folder(built: Path, tmp_path: Path) -> None:
    again = fingerprints(made_site.build(tmp_path / "elsewhere"))
    assert again == fingerprints(built)
    assert sum(path.stat().st_size for path in built.rglob("*")) < 20e6
    assert not list(built.parent.glob(".site*"))


@pytest.mark.parametrize(("cell", "words"), [
    (new_markdown_cell("no heading, so no place in the sidebar"), r"Sphinx refuses the pages; .*pages/claims"),
    (made_site.shown("picture", **{"text/html": '<img src="https://example.org/a.png">'}),
     r"pages/claims\.html would load https://example\.org/a\.png"),
])
def test_a_bad_page_stops_the_build_and_the_old_site_stays(tmp_path: Path, cell: dict, words: str) -> None:
    ledger = made_site.results(tmp_path)
    results = tmp_path / "results" / made_site.PROFILE
    (results / "site").mkdir()
    (results / "site" / "index.html").write_text("the old site", encoding="utf-8")
    heading = [new_markdown_cell("# Every claim")] if cell["cell_type"] == "code" else []
    made_site.page(results / "pages" / "claims.ipynb", *heading, cell)
    with pytest.raises(InputError, match=words):
        site.build(tmp_path, made_site.PROFILE, ledger=ledger)
    assert fingerprints(results / "site") == {"index.html": hashlib.sha256(b"the old site").hexdigest()}
    assert not list(results.glob(".site*"))


def test_without_a_scorecard_the_message_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"scorecard\.json is missing; run `make paper`"):
        site.build(tmp_path, made_site.PROFILE)


@pytest.mark.parametrize("text", [
    '<script src="https://a.b/c.js">', "<img srcset='//a.b/c.png'>", '<link rel="x" href=http://a.b/c.css>',
    "body { background: url(https://a.b/c.png) }", '@import "https://a.b/c.css"', "import x from 'https://a.b/c.js'",
    'await import("https://a.b/c.js")'])
def test_every_way_to_load_from_elsewhere_is_seen(text: str) -> None:
    assert site.LOADS_FROM_ELSEWHERE.search(text)


@pytest.mark.parametrize("text", [
    '<a href="https://a.b/c">read</a>', '<script src="_static/c.js">', "url(../fonts/c.woff2)",
    "from https://a.b in words", '<link rel="stylesheet" href="c.css"><a href="https://a.b">'])
def test_what_a_reader_may_click_is_not_mistaken_for_it(text: str) -> None:
    assert not site.LOADS_FROM_ELSEWHERE.search(text)
