"""How every chart looks: colours that colour-blind readers tell apart, and a template for light and dark paper."""

from typing import Final

from plotly.graph_objects import layout

# Okabe and Ito's palette (jfly.uni-koeln.de/color), in the order in which series take it, without their yellow and
# their black: one vanishes on white paper, the other on dark paper.
BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
VERMILLION: Final = "#D55E00"
SKY: Final = "#56B4E9"
GREY: Final = "#808080"
PALETTE: Final = (BLUE, ORANGE, GREEN, PURPLE, VERMILLION, SKY, GREY)

# What the paper says and what we find, the same two colours on every page; chance and other baselines stay grey.
PAPER: Final = GREY
OURS: Final = BLUE
BASELINE: Final = "rgba(128,128,128,0.55)"

# Colour is never alone: each verdict also has its own mark, in charts and in text.
VERDICT_COLOURS: Final = {"reproduced": GREEN, "shifted": ORANGE, "contradicted": VERMILLION, "untestable": GREY}
VERDICT_SYMBOLS: Final = {"reproduced": "circle", "shifted": "diamond", "contradicted": "x",
                          "untestable": "circle-open"}
VERDICT_MARKS: Final = {"reproduced": "●", "shifted": "◆", "contradicted": "✕", "untestable": "○"}

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
FONT_PX: Final = 14
HEIGHT_PX: Final = 420
ROW_PX: Final = 26  # height of one category in a horizontal chart: label and gap
INK: Final = "#767676"  # the one grey with a contrast of 4.5 on white that still reads on black; the site replaces it
GRID: Final = "rgba(128,128,128,0.22)"
LINE: Final = "rgba(128,128,128,0.6)"

SEQUENTIAL: Final = "Cividis"  # of heat maps and spectrograms: even steps, also for colour-blind readers
_AXIS: Final = {
    "automargin": True, "gridcolor": GRID, "linecolor": LINE, "tickcolor": LINE, "zerolinecolor": LINE,
    "showline": True, "ticks": "outside", "ticklen": 4, "title": {"standoff": 10, "font": {"size": FONT_PX}},
}
_BAR: Final = {"outlinewidth": 0, "thickness": 12, "ticks": "outside", "ticklen": 4, "tickcolor": LINE}

TEMPLATE: Final = layout.Template(
    layout={
        "autosize": True,
        "colorway": PALETTE,
        "colorscale": {"sequential": SEQUENTIAL, "sequentialminus": SEQUENTIAL, "diverging": "PuOr"},
        "coloraxis": {"colorbar": _BAR},
        "font": {"family": FONT, "size": FONT_PX, "color": INK},
        "title": {"x": 0, "xref": "paper", "xanchor": "left", "font": {"size": FONT_PX + 2}},
        "height": HEIGHT_PX,
        "margin": {"l": 8, "r": 8, "t": 40, "b": 8},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 0, "yanchor": "bottom", "yref": "container"},
        "hoverlabel": {"font": {"family": FONT, "size": FONT_PX - 1}},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": LINE, "activecolor": BLUE},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "bargap": 0.25,
        "annotationdefaults": {"showarrow": False},
    },
    data={
        "heatmap": [{"colorscale": "Cividis", "colorbar": _BAR, "xgap": 1, "ygap": 1}],
        "scatter": [{"marker": {"size": 8}, "line": {"width": 2}}],
    },
)
