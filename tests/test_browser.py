"""The site in a browser, opened from a folder: charts drawn, filters at work, no complaint, no request to anybody."""

import json
from collections.abc import Iterator
from pathlib import Path

import chromium
import made_site
import pytest
from plotly.offline import get_plotlyjs

from s2f_core.figures.chart import to_html_document

WIDTHS_PX = (390, 1280)
VISIBLE = "return [...document.querySelectorAll('#scorecard-table tbody tr')].map((row) => row.innerText)"
OVERFLOW = "return Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"


class Visitor:
    """Somebody with a browser and the site in a folder."""

    def __init__(self, profile: Path, site: Path) -> None:
        self.site = site
        self.driver = chromium.started(profile)
        self.driver.get("about:blank")
        self.requests()  # the browser's own start page

    def open(self, page: str, width: int = WIDTHS_PX[1]) -> None:
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.get(f"{self.site.as_uri()}/{page}")

    def run(self, script: str) -> object:
        return self.driver.execute_script(script)

    def until(self, script: str) -> object:
        """Wait until `script` returns something true, and return it."""
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, 15, poll_frequency=0.05).until(lambda _: self.run(script), script)

    def scorecard(self, width: int = WIDTHS_PX[1]) -> None:
        self.open("index.html", width)
        self.until("return document.querySelector('#scorecard-table.dataTable .dt-ordering-asc, .dt-paging-button')")

    def filter(self, **values: str) -> list[str]:
        """Set fields of the form as a visitor would; return the text of the rows that are left."""
        for name, value in values.items():
            self.run(f"const field = document.getElementById('scorecard-filters').elements['{name}'];"
                     f"field.value = {json.dumps(value)}; field.dispatchEvent(new Event('input', {{bubbles: true}}))")
        return self.run(VISIBLE)  # type: ignore[return-value]

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requests(self) -> list[str]:
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    chromium.need_a_browser()
    someone = Visitor(tmp_path_factory.mktemp("browser"), made_site.build(tmp_path_factory.mktemp("site")))
    yield someone
    someone.driver.quit()


def test_no_page_complains_asks_another_host_or_is_wider_than_the_screen(visitor: Visitor) -> None:
    pages = sorted(path.relative_to(visitor.site).as_posix() for path in visitor.site.rglob("*.html"))
    assert "index.html" in pages and "pages/fig04_attributes.html" in pages
    for page in pages:
        for width in WIDTHS_PX:
            visitor.open(page, width)
            visitor.until("return document.readyState === 'complete'")
            assert visitor.run(OVERFLOW) == 0, f"{page} at {width} px"
    assert visitor.complaints() == []
    requests = visitor.requests()
    assert len(requests) > 100
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("width", WIDTHS_PX)
def test_every_chart_is_drawn_as_wide_as_its_column_and_has_a_name(visitor: Visitor, width: int) -> None:
    visitor.open("pages/fig04_attributes.html", width)
    visitor.until("return document.querySelectorAll('.s2f-chart svg.main-svg .scatterlayer path.js-line').length == 2")
    for chart in visitor.driver.find_elements("css selector", ".s2f-chart"):
        assert chart.accessible_name == 'Recall "rises" with K'
        assert chart.find_element("css selector", "figcaption").text == "Recall at K"
        drawn = chart.find_element("css selector", "svg.main-svg").rect
        assert 0 < drawn["width"] <= chart.rect["width"] <= width and drawn["height"] >= 400
        title = chart.find_element("css selector", ".xtitle").rect
        assert drawn["x"] <= title["x"] and title["x"] + title["width"] <= drawn["x"] + drawn["width"]
    assert visitor.run(OVERFLOW) == 0
    assert not visitor.run("return document.querySelector('.modebar-btn[data-title*=loud]')")


def test_the_charts_follow_the_switch_from_light_to_dark(visitor: Visitor) -> None:
    ink = "return getComputedStyle(document.querySelector('.s2f-chart .xtick text')).fill"
    seen = {}
    visitor.open("pages/fig04_attributes.html")
    visitor.until("return document.querySelectorAll('.s2f-chart .xtick text').length")
    for theme in ("light", "dark", "light"):
        visitor.run(f"document.querySelector('.theme-change-button[data-mode={theme}]').click()")
        page = visitor.run("return getComputedStyle(document.body).color")
        seen[theme] = visitor.until(f"const ink = (() => {{ {ink} }})(); return ink === '{page}' && ink")
    assert seen["light"] != seen["dark"]
    assert visitor.complaints() == []


@pytest.mark.parametrize("width", WIDTHS_PX)
def test_filters_and_search_leave_the_rows_that_were_asked_for(visitor: Visitor, width: int) -> None:
    visitor.scorecard(width)
    assert len(visitor.filter()) == 25
    left = visitor.filter(verdict="contradicted")
    assert len(left) == 15 and all("contradicted" in row for row in left)
    assert "15 of 15 rows (60 in all)" in visitor.run("return document.querySelector('.dt-info').innerText")
    left = visitor.filter(tier="B")
    assert len(left) == 5 and all("statement number" in row for row in left)
    left = visitor.filter(verdict="", tier="", search="reading_4 number")
    assert len(left) == 8 and all("/reading_4" in row and "statement number" in row for row in left)
    assert visitor.filter(search="no such words") == ["No row matches."]
    visitor.run("document.querySelector('#scorecard-filters button[type=reset]').click()")
    assert len(visitor.until("const rows = (() => { " + VISIBLE + " })(); return rows.length > 1 && rows")) == 25
    assert visitor.run(OVERFLOW) == 0


def test_a_tile_filters_and_lets_go_again(visitor: Visitor) -> None:
    visitor.scorecard()
    press = "document.querySelector('.s2f-tile[data-value=untestable]').click();" + VISIBLE
    left = visitor.run(press)
    assert len(left) == 15 and all(made_site.REASON in row for row in left)  # type: ignore[arg-type]
    assert visitor.run("return document.getElementById('scorecard-filters').elements.verdict.value") == "untestable"
    assert len(visitor.run(press)) == 25  # type: ignore[arg-type]


@pytest.mark.parametrize("width", WIDTHS_PX)
def test_a_column_sorts_by_number_in_both_directions_with_empty_cells_last(visitor: Visitor, width: int) -> None:
    visitor.scorecard(width)
    ours = ("return [...document.querySelectorAll('#scorecard-table tbody td[data-label=Ours]')]"
            ".map((cell) => cell.dataset.order)")
    visitor.run("document.querySelector('.dt-length select').value = -1;"
                "document.querySelector('.dt-length select').dispatchEvent(new Event('change', {bubbles: true}))")
    visitor.until(VISIBLE + f".length === {made_site.N_ROWS}")
    assert visitor.run(OVERFLOW) == 0
    for sign, order in ((1, "ascending"), (-1, "descending")):
        visitor.driver.find_element("css selector", "#scorecard-table th:nth-child(5)").click()
        visitor.until(f"return document.querySelector('#scorecard-table th:nth-child(5)[aria-sort={order}]')")
        cells: list[str] = visitor.run(ours)  # type: ignore[assignment]
        numbers = [float(text) for text in cells if text]
        assert len(numbers) == 45 and cells[45:] == [""] * 15
        assert numbers == sorted(numbers, key=lambda number: sign * number)


def test_the_search_finds_a_page_without_a_server(visitor: Visitor) -> None:
    visitor.open("search.html?q=zebra")
    found = visitor.until("return [...document.querySelectorAll('#search-results li a')].map((link) => link.innerText)"
                          ".filter(Boolean).join()")
    assert found == "Every claim"
    assert visitor.complaints() == []


def test_a_document_of_charts_draws_itself_beside_plotly(visitor: Visitor, tmp_path: Path) -> None:
    document = to_html_document([made_site.chart("a-b"), made_site.chart("a-c")], title="T", plotly_js="plotly.min.js")
    (tmp_path / "charts.html").write_text(document, encoding="utf-8")
    (tmp_path / "plotly.min.js").write_text(get_plotlyjs(), encoding="utf-8")
    visitor.driver.get((tmp_path / "charts.html").as_uri())
    visitor.until("return document.querySelectorAll('.s2f-chart svg.main-svg .scatterlayer path.js-line').length == 2")
    assert visitor.complaints() == []
