"""What the authors' page prints: ranked queries (Fig. 7), craniofacial statistics (Fig. 5(c)), segment lengths."""

import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Float64

from s2f_core.data.corpora.published import segment
from s2f_core.errors import InputError

N_TOP = 10  # faces shown per query on the page
_RETRIEVAL = "supplemental/retrieve/index.html"
_RANK = re.compile(r"Actual rank:\s*(\d+)\s*/\s*(\d+)")
_CORRELATION = re.compile(r"Corr:\s*(-?[\d.]+),\s*p-val:\s*([\d.]+),\s*significance:\s*(True|False)\s*\[(\w+)\]")
_LIST = re.compile(r"^(\d+)\n\[([\d\s]+)\]\n\[(.+)\]$", re.MULTILINE)


@dataclass(frozen=True)
class Query:
    """One S2F query against a gallery of true faces, as printed.

    Attributes:
        rank: of the true face, 1 = best.
        top: ids of the first ten faces, best first.
        marked: ranks that the page frames in red as the true speaker's.
    """

    id: str
    rank: int
    gallery_size: int
    top: tuple[str, ...]
    marked: tuple[int, ...]


@dataclass(frozen=True)
class Correlation:
    """Pearson r over image pairs and its p, both with three decimals, and whether the file calls it significant."""

    r: float
    p: float
    significant: bool


@dataclass(frozen=True)
class RankedList:
    """A candidate for Fig. 7: index of the query in the gallery, and the five best gallery indices with their ids."""

    query: int
    top: tuple[int, ...]
    ids: tuple[str, ...]


def retrieval_queries(home: Path) -> list[Query]:
    """The 100 random queries of `supplemental/retrieve/index.html`, in the page's order.

    Raises:
        InputError: the page is missing or empty, or a query on it lacks its rank or one of its ten faces.
    """
    reader = _QueryReader()
    reader.feed(_text(home, _RETRIEVAL))
    reader.close()
    if not reader.queries:
        raise InputError(f"{_RETRIEVAL} of {home} shows no query; fetch it again")
    for query in reader.queries:
        if len(query.top) != N_TOP or not 1 <= query.rank <= query.gallery_size:
            raise InputError(
                f"a query on the retrieval page has a rank and {N_TOP} faces; {query.id} has rank "
                f"{query.rank}/{query.gallery_size} and {len(query.top)} faces; fetch the page again"
            )
    return reader.queries


def craniofacial_statistics(home: Path) -> dict[str, dict[str, Correlation]]:
    """File stem → measure → correlation of F2F with S2F, from `figures/landmark/*.txt`, in the files' own spelling.

    Raises:
        InputError: there is no such file, or a line of one is no correlation.
    """
    paths = sorted((home / "figures" / "landmark").glob("*.txt"))
    if not paths:
        raise InputError(f"figures/landmark/*.txt is missing from {home}; run `s2f fetch published`")
    return {path.stem: _correlations(home, f"figures/landmark/{path.name}") for path in paths}


def retrieval_lists(home: Path) -> list[RankedList]:
    """The ranked lists of `figures/retrieval/data.txt`. Gallery index k is line k of `gallery_ids`, counted from 0.

    Raises:
        InputError: the file is missing, empty or has a list whose indices and ids differ in number.
    """
    path = "figures/retrieval/data.txt"
    lists = [
        RankedList(int(query), tuple(map(int, indices.split())), tuple(re.findall(r"b'([^']+)'", names)))
        for query, indices, names in _LIST.findall(_text(home, path))
    ]
    if not lists or any(len(ranked.top) != len(ranked.ids) for ranked in lists):
        raise InputError(f"{path} should hold lists of a query, gallery indices and as many ids; fetch it again")
    return lists


def gallery_ids(home: Path) -> tuple[str, ...]:
    """The AVSpeech ids of `figures/avspeech_res/IDs.txt` in the authors' order: the first 968 of their 5,000 faces.

    Raises:
        InputError: the file is missing.
    """
    return tuple(_text(home, "figures/avspeech_res/IDs.txt").split())


def segment_seconds(home: Path) -> Float64[np.ndarray, " clips"]:
    """Length in seconds of each AVSpeech source segment, in the order of `gallery_ids`; below 6 s it was repeated.

    Needs IDs.txt only, not the clips. Raises InputError as `gallery_ids` and `published.segment` do.
    """
    return np.array([end - start for _, start, end in map(segment, gallery_ids(home))], dtype=np.float64)


class _QueryReader(HTMLParser):
    """Collects queries: a picture in Face_v2f opens one, those in Face_ori are its ranked faces, text has its rank."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[Query] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        path = PurePosixPath(given.get("src") or "")
        clip_id = path.name.removesuffix(".jpg")
        if tag != "img":
            return
        if path.parent.name == "Face_v2f":
            self.queries.append(Query(clip_id, 0, 0, (), ()))
            self._text = ""
        elif path.parent.name == "Face_ori" and self.queries:
            query = self.queries[-1]
            top = (*query.top, clip_id)
            marked = (*query.marked, len(top)) if "red" in (given.get("style") or "") else query.marked
            self.queries[-1] = replace(query, top=top, marked=marked)

    def handle_data(self, data: str) -> None:
        self._text += data
        match = _RANK.search(self._text)
        if match and self.queries:
            self.queries[-1] = replace(self.queries[-1], rank=int(match[1]), gallery_size=int(match[2]))
            self._text = ""


def _correlations(home: Path, path: str) -> dict[str, Correlation]:
    """Measure → correlation of one statistics file."""
    found: dict[str, Correlation] = {}
    for number, line in enumerate(_text(home, path).splitlines(), start=1):
        match = _CORRELATION.fullmatch(line.strip())
        if not match:
            raise InputError(
                f"each line of {path} is 'Corr: r, p-val: p, significance: s [measure]'; line {number} is {line!r}; "
                "fetch it again"
            )
        found[match[4]] = Correlation(float(match[1]), float(match[2]), match[3] == "True")
    return found


def _text(home: Path, path: str) -> str:
    """A text file of the page. Raises InputError where it is missing."""
    try:
        return (home / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} is missing from {home}; run `s2f fetch published`") from None
