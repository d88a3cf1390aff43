"""Sphinx's settings for the site: pages already executed, nothing loaded from elsewhere, nothing dated.

`s2f_core.site` copies this file beside the pages and gives `release` and `profile` on Sphinx's command line.
"""

from typing import Any

project = "Speech2Face, re-measured"
html_title = project
extensions = ["myst_nb"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, Any] = {}  # its default is a script of another host
nb_merge_streams = True
suppress_warnings = ["mystnb.unknown_mime_type"]  # plotly's, for Jupyter; alone it still is an error
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

html_theme = "sphinx_book_theme"
html_theme_options = {
    "logo": {"text": "Speech2Face, re\u2011measured"},  # never broken at its hyphen
    "search_bar_text": "Search the site",
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # one search button is enough
    "show_navbar_depth": 1,
    "collapse_navbar": False,
    "toc_title": "On this page",
    "footer_content_items": ["made_by.html"],
}
html_context = {"default_mode": "auto"}
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it fetches the pages found, which a browser refuses for pages opened from a folder
html_use_index = False
html_domain_indices = False
html_last_updated_fmt = None
html_permalinks_icon = "#"


def load_only_where_used(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Load names everywhere, plotly (5 MB) on pages with charts only, the table's script on the page with the table only."""
    body = context.get("body", "")
    app.add_js_file("names.js", loading_method="defer")
    if 'class="s2f-chart"' in body:
        app.add_js_file("plotly.min.js", loading_method="defer")
        app.add_js_file("charts.js", loading_method="defer")
    if 'id="scorecard-table"' in body:
        app.add_css_file("datatables.css", priority=400)  # before ours
        app.add_js_file("datatables.js", loading_method="defer")
        app.add_js_file("scorecard.js", loading_method="defer")


def number_ledger_lines(app: Any, doctree: Any) -> None:
    """Give each line of a ledger file an address, `ledger/<file>.html#L-<line>`."""
    from docutils import nodes

    if app.env.current_document.docname.startswith("ledger/"):
        for block in doctree.findall(nodes.literal_block):
            block.setdefault("highlight_args", {})["linespans"] = "L"


def mathml(as_block: bool) -> Any:
    """A visitor that writes a formula as MathML, which browsers set by themselves; MathJax would need a network."""
    from docutils import nodes
    from docutils.utils.math.latex2mathml import tex2mathml

    def visit(translator: Any, node: Any) -> None:
        formula = tex2mathml(node.astext(), as_block=as_block)
        translator.body.append(f'<div class="math">{formula}</div>' if as_block else formula)
        raise nodes.SkipNode

    return visit


def setup(app: Any) -> None:
    """Register the above with Sphinx."""
    app.add_html_math_renderer("mathml", inline_renderers=(mathml(False), None), block_renderers=(mathml(True), None))
    app.connect("html-page-context", load_only_where_used)
    app.connect("doctree-read", number_ledger_lines)
