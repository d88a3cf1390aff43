"""The causal graph of the synthetic population, in one table: every arrow with its strength and who says so.

`person` draws by it, the corpus page draws it, `worlds` in params.yaml turn it. Literature marked † is quoted from memory
of the paper, the others were checked against the abstract.

What is not in it: anatomy of the voice by ancestry. Ancestry morphs reach the voice through language and accent alone;
measured differences between groups of people are small, disputed and would be a stereotype here.
"""

from dataclasses import replace

from s2f_core.synthesis.arrows import Arrow
from s2f_core.synthesis.face.causes import FACE_ARROWS

PISANSKI = "Pisanski et al. 2014, meta-analysis: a tract estimate explains up to 10 % of height, F0 under 2 %"
PAWELEC = "Pawelec et al.: bigger heads and wider faces go with lower formants (111 adults)"
HONDA = "Honda & Wu 1997: F1 falls with the height of the lower face, F2 follows the mouth cavity"
HAMDAN = "Hamdan & Macari 2018: palate width and depth against formants, r about -.5 in children; halved here"

# The dimensions of a face that have a latent variable each, standard normal within sex.
CRANIOFACIAL = ("masculinity", "face width", "jaw width", "lower face", "mouth width", "nose width", "nose height",
                "lip height")

# From body and face to voice, as correlations within sex. A world's `coupling` multiplies them.
COUPLED: tuple[Arrow, ...] = (
    Arrow("height", "F0", -0.10, "r", PISANSKI),
    Arrow("masculinity", "F0", -0.20, "r", "ours, after studies of facial and vocal dimorphism"),
    Arrow("height", "vocal-tract length", 0.30, "r", PISANSKI),
    Arrow("jaw width", "vocal-tract length", 0.25, "r", PAWELEC),
    Arrow("face width", "vocal-tract length", 0.15, "r", PAWELEC),
    Arrow("lower face", "F1", -0.35, "r", HONDA),
    Arrow("mouth width", "F2", 0.30, "r", HONDA),
    Arrow("jaw width", "F3", -0.30, "r", HAMDAN),
)

# What sex and age do to the voice; the numbers that draw are tables in voice/parameters.py, the strength sums them up.
VOICE: tuple[Arrow, ...] = (
    Arrow("sex", "F0", 1.75, "women / men", "Peterson & Barney 1952†, Traunmüller & Eriksson 1995"),
    Arrow("sex", "vocal-tract length", 0.86, "women / men", "Fitch & Giedd 1999: MRI of 129 persons"),
    Arrow("sex", "breath", 0.05, "share of noise", "Klatt & Klatt 1990†, Hanson 1997†: women breathier"),
    Arrow("sex", "spectral tilt", -0.5, "dB/octave, women", "Hanson 1997†"),
    Arrow("age", "F0", -0.10, "ln Hz, women 25-65; men fall to 45, then rise", "Shipp & Hollien 1972, Nishio & Niimi 2008"),
    Arrow("age", "jitter", 1.0, "% at 75", "Linville 2001†, Ramig & Ringel 1983†"),
    Arrow("age", "shimmer", 5.0, "% at 75", "Linville 2001†, Ramig & Ringel 1983†"),
    Arrow("age", "breath", 0.28, "share of noise at 75", "Linville 2001†"),
    Arrow("age", "tremor", 0.015, "ln Hz at 85", "Linville 2001†"),
    Arrow("age", "spectral tilt", -0.9, "dB/octave at 75", "Linville 2001†"),
    Arrow("age", "tempo", -0.11, "share at 75", "Shipp & Hollien 1972: reading half as fast at 80, mostly pauses"),
    Arrow("age", "F1", -0.02, "ln Hz at 75", "Reubold et al. 2010"),
    Arrow("language", "sounds", 1.0, "the words spoken", "ours: nine languages and accents of one synthesiser"),
    Arrow("accent", "base voice", 1.0, "origin of the base voice", "ours"),
)

POPULATION: tuple[Arrow, ...] = (
    Arrow("ancestry morphs", "first language", 0.8, "share that follows its table", "ours; a world turns it"),
    Arrow("first language", "language", 0.8, "share that speaks it", "ours"),
    Arrow("first language", "accent", 0.5, "share that keeps it in another language", "ours"),
    Arrow("sex", "height", 13.0, "cm", "ours: 176 and 163 cm, as in many national surveys"),
)

# What the sampler of faces names by its values.
KINDS = {"female": "sex", "male": "sex", "ageing": "age", "ancestry": "ancestry morphs",
         **dict.fromkeys(("african", "asian", "caucasian"), "ancestry morphs")}

ARROWS: tuple[Arrow, ...] = (*POPULATION, *VOICE, *COUPLED, *(
    replace(arrow, cause=arrow.cause.removesuffix("_z").replace("_", " "),
            effect="build of the mesh" if arrow.effect == "build" else arrow.effect.replace("_", " "))
    for arrow in FACE_ARROWS))


def summary() -> tuple[Arrow, ...]:
    """The graph for the eye: arrows to single morphs of the mesh drawn as one arrow to their part of the face."""
    merged: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in ARROWS:
        part, slash, _ = arrow.effect.partition("/")
        seen_or_heard = f"{part} (shape)" if slash else "hair style" if part.startswith("hair ") else part
        ends = KINDS.get(arrow.cause, arrow.cause), seen_or_heard
        if ends[0] != "everybody":  # what all have in common tells nobody apart
            merged.setdefault(ends, []).append(arrow)
    return tuple(_merged(ends, arrows) for ends, arrows in merged.items())


def seen() -> frozenset[str]:
    """The effects in `summary` that a face shows; the others are heard."""
    return frozenset(arrow.effect for arrow in summary()) - {arrow.effect for arrow in (*POPULATION, *VOICE, *COUPLED)}


def _merged(ends: tuple[str, str], arrows: list[Arrow]) -> Arrow:
    strongest = max(arrows, key=lambda arrow: abs(arrow.strength))
    unit = strongest.unit if len(arrows) == 1 else f"{strongest.unit}, the largest of {len(arrows)}"
    return replace(strongest, cause=ends[0], effect=ends[1], unit=unit)


def coupled(effect: str) -> dict[str, float]:
    """Cause → r within sex, of the arrows from body and face that end at `effect`."""
    return {arrow.cause: arrow.strength for arrow in COUPLED if arrow.effect == effect}
