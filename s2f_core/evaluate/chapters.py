"""Every chapter of the evaluation in the order of the paper, and the arrays behind the pages' charts."""

from collections.abc import Callable, Sequence
from typing import Any

from s2f_core.evaluate import (
    ablations,
    architecture,
    attributes,
    averages,
    cartoons,
    controls,
    distances,
    feature_space,
    groups,
    identification,
    identity,
    languages,
    membership,
    pitch,
    printed,
    released,
    reported,
    settings,
    shapes,
    sizes,
    trained,
    worlds,
)
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence

Chapter = Callable[[Evidence], Sequence[Row]]

# Chapters in the order of the paper; each is a pure function of the evidence. The first group needs the ledger only.
REPORTED: tuple[Chapter, ...] = (reported.table3, reported.attributes, reported.craniofacial, sizes.sizes,
                                architecture.table1, architecture.figure2, settings.settings)
RELEASED: tuple[Chapter, ...] = (
    printed.queries, printed.candidates, printed.statistics, released.attributes, released.craniofacial_correlations,
    released.consistency, identity.identifiability, identity.averageness, identity.pixel_loss, identity.convergence,
    identity.looping, identity.formats,
)
TRAINED: tuple[Chapter, ...] = (
    trained.readings, trained.shares, trained.found, trained.one_speaker, trained.shuffled, trained.small, attributes.figure4,
    shapes.figure5, ablations.figure6, shapes.figure7, distances.table2, distances.table3, ablations.figure8,
    ablations.figure9, languages.figure11, languages.figure12, cartoons.figure13, feature_space.figure14,
)
AUDITED: tuple[Chapter, ...] = (
    worlds.language, worlds.unlinked, worlds.treatments, worlds.unpaired, pitch.swept, pitch.crossed, pitch.observed,
    pitch.calibration, groups.errors, groups.overall, averages.kept, averages.exaggerated, identification.heard,
    membership.members, identification.shown, controls.one_voice, controls.noise, controls.refused,
)
CHAPTERS = (*REPORTED, *RELEASED, *TRAINED, *AUDITED)


def details(evidence: Evidence) -> dict[str, Any]:
    """Arrays behind the charts: re-measured confusions and ranks. Numbers only: no name, no face, no clip."""
    ranks = {}
    for half in evidence.halves.values():
        for view in ("f2f", *released.S2F_VIEWS):
            ranking, _ = identity.true_face_ranks(half, view)
            ranks[f"{half.name}.{view}"] = sorted((ranking.ranks / ranking.gallery).round(6).tolist())
    spread = {f"{half.name}.{view}": round(moments.spread().value, 3)
              for half in evidence.halves.values() for view, moments in half.pixels.items()}
    return {"confusions": released.confusions(evidence), "relative_ranks": ranks, "pixel_spread": spread,
            "architecture": architecture.networks(), "heard_ranks": distances.curves(evidence),
            "drawn_spread": ablations.spreads(evidence), "by_seconds": ablations.by_seconds(evidence),
            "losses": ablations.losses(evidence), "drawn_confusions": attributes.confusions(evidence),
            "ancestry_agreed": languages.agreements(evidence),
            "neighbours": feature_space.neighbours(evidence), "speaker_distances": trained.speaker_distances(evidence),
            "looks": cartoons.looks(evidence), "maps": feature_space.maps(evidence), "labels": feature_space.labels(evidence),
            "worlds": worlds.charted(evidence), "pitch": pitch.charted(evidence), "sounds": controls.charted(evidence),
            "identification": identification.charts(evidence),
            "groups": groups.by_group(evidence), "averages": averages.charted(evidence)}
