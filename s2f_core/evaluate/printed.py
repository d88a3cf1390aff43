"""What the authors' page prints, read again and held against itself: 100 ranked queries (Fig. 7), the files of Fig. 5(c)."""

import numpy as np

from s2f_core.evaluate import hubness, retrieval
from s2f_core.evaluate.claims import Row, Tier, cell
from s2f_core.evaluate.evidence import Evidence, counted, measured
from s2f_core.evaluate.intervals import Estimate

STATISTICS = {  # claim → file on the authors' page
    "fig05.stats.770k_dest_exg07": "stat_0770001_f2f_DEST_0770001_Face_exg0.7DEST",
    "fig05.stats.770k_exg07": "stat_0300001_Face_f2f_0770001_Face_exg0.7",
    "fig05.stats.770k_exg0": "stat_0300001_Face_f2f_0770001_Face_exg0",
    "fig05.stats.300k_exg07": "stat_0300001_Face_f2f_0300001_Face_exg0.7",
    "fig05.stats.300k_exg0": "stat_0300001_Face_f2f_0300001_Face_exg0",
}
FEWEST_SHOWN = 5  # faces in the figure's rows


def queries(evidence: Evidence) -> list[Row]:
    """The page of 100 queries: do its ranks, marks and lists say what the figure says?"""
    if evidence.queries is None:
        return []
    ledger, shown = evidence.ledger, evidence.queries
    ranks = [query.rank for query in shown]
    agree = sum(rank == said for rank, said in zip(ranks, ledger["fig07.ranks"].value, strict=False))
    galleries = {query.gallery_size for query in shown}
    marked = sum(bool(query.marked) for query in shown)
    rows = [
        counted(ledger["fig07.ranks"], "page", agree, paper=len(ledger["fig07.ranks"].value)),
        counted(ledger["fig07.queries"], "page", len(ranks)),
        counted(ledger["fig07.gallery"], "page", max(galleries) if len(galleries) == 1 else len(galleries)),
        counted(ledger["fig07.marked_in_red"], "page", marked),
    ]
    printed = retrieval.printed_ranks(np.array(ranks), max(galleries))
    rows.append(measured(ledger["fig07.highlights"], "queries", retrieval.recall_at_rank(printed, FEWEST_SHOWN)))
    return rows + _hubs(evidence)


def candidates(evidence: Evidence) -> list[Row]:
    """The lists that the figure was chosen from: at which place does the true face stand?"""
    claim = evidence.ledger["fig07.candidates"]
    rows = []
    for label, listed in zip(claim.rows or (), evidence.lists or (), strict=False):
        place = listed.top.index(listed.query) + 1 if listed.query in listed.top else len(listed.top) + 1
        rows.append(counted(claim, label, place, paper=cell(claim, label)))
    return rows


def statistics(evidence: Evidence) -> list[Row]:
    """Do the fetched statistics files hold the ledger's digits?"""
    rows = []
    for name, file in STATISTICS.items() if evidence.statistics else ():
        claim = evidence.ledger[name]
        found = [(printed.r, printed.p) for printed in evidence.statistics[file].values()]
        same = sum(tuple(line) == pair for line, pair in zip(claim.value, found, strict=True))
        rows.append(counted(claim, "file", same, paper=len(claim.value), said=" (all thirteen lines of the file, read again)"))
    return rows


def rank_lists(evidence: Evidence) -> tuple[np.ndarray, int]:
    """The ten faces of each query as numbers, and how many faces each list was chosen from."""
    shown = evidence.queries or ()
    names = sorted({face for query in shown for face in query.top})
    number = {name: place for place, name in enumerate(names)}
    return np.array([[number[face] for face in query.top] for query in shown]), max(query.gallery_size for query in shown)


def hub_rows(evidence: Evidence, reading: str, found: hubness.Hubness, *, tier: Tier) -> list[Row]:
    """How many faces a set of lists holds, and how often the most frequent one."""
    rows = []
    for name, seen in (("fig07.distinct_faces", found.distinct), ("fig07.most_frequent_face", found.largest)):
        claim = evidence.ledger[name]
        width = (seen.value + seen.low - seen.expected, seen.value + seen.high - seen.expected)
        rows.append(measured(claim, reading, Estimate(seen.value, *width, seen.n, seen.expected), tier=tier,
                             reason="a count; its interval is the middle 95 % of lists drawn at random, moved to it"))
    return rows


def _hubs(evidence: Evidence) -> list[Row]:
    lists, gallery = rank_lists(evidence)
    found = hubness.hubness(lists, gallery, seed=evidence.params.seed)
    return hub_rows(evidence, "queries", found, tier=evidence.ledger["fig07.distinct_faces"].tier)
