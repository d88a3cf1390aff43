"""What the authors' page prints: parsers on invented pages, then the page's own numbers where a local copy is there."""

import html
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from s2f_core.data.corpora import published, published_pages
from s2f_core.data.corpora.published_pages import Correlation, Query, RankedList
from s2f_core.errors import InputError


def write(home: Path, path: str, text: str) -> Path:
    (home / path).parent.mkdir(parents=True, exist_ok=True)
    (home / path).write_text(text)
    return home


def retrieval_page(faces: list[str], rank: str, marked: int | None = None) -> str:
    style = ['style="border:3px solid red"' if number == marked else "" for number in range(1, len(faces) + 1)]
    pairs = zip(faces, style, strict=True)
    cells = "".join(f'<td><img src="Face_ori/{face}.jpg" height="112"{framed}></td>' for face, framed in pairs)
    query = f'<td><img src="Face_v2f/-query_1.jpg" width="112">  {rank}</td>'
    return f"<p>marked in red, by rank</p><table><tr><td>-query_1</td></tr><tr>{query}{cells}</tr></table>"


FACES = [f"_face-{number}" for number in range(10)]
RETRIEVAL = "supplemental/retrieve/index.html"


def test_a_query_has_its_rank_its_ten_faces_and_the_hit_framed_in_red(tmp_path: Path) -> None:
    text = retrieval_page(FACES, "Actual rank: 3/5000", marked=3) + retrieval_page(FACES[::-1], "Actual rank: 77/5000")
    queries = published_pages.retrieval_queries(write(tmp_path, RETRIEVAL, text))
    assert queries[0] == Query("-query_1", 3, 5000, tuple(FACES), (3,))
    assert queries[1] == Query("-query_1", 77, 5000, tuple(FACES[::-1]), ())


@pytest.mark.parametrize(
    ("faces", "rank", "came"),
    [
        (FACES[:9], "Actual rank: 3/5000", "9 faces"),
        (FACES, "", "rank 0/0"),
        (FACES, "Actual rank: 0/5000", "rank 0/5000"),
        (FACES, "Actual rank: 5001/5000", "rank 5001/5000"),
    ],
)
def test_a_query_without_a_proper_rank_or_ten_faces_is_an_error(
    tmp_path: Path, faces: list[str], rank: str, came: str
) -> None:
    with pytest.raises(InputError, match=f"-query_1 has .*{came}"):
        published_pages.retrieval_queries(write(tmp_path, RETRIEVAL, retrieval_page(faces, rank)))


def test_a_page_without_queries_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="shows no query; fetch it again"):
        published_pages.retrieval_queries(write(tmp_path, RETRIEVAL, "<html><p>moved</p></html>"))


def test_craniofacial_statistics_are_read_by_file_and_measure(tmp_path: Path) -> None:
    lines = (
        "Corr: -0.042, p-val: 0.191, significance: False   [nose_width]",
        "Corr: 0.3, p-val: 0.000, significance: True [jaw_width]",
    )
    home = write(tmp_path, "figures/landmark/stat_a_exg0.7.txt", "\n".join(lines))
    measures = {"nose_width": Correlation(-0.042, 0.191, False), "jaw_width": Correlation(0.3, 0.0, True)}
    assert published_pages.craniofacial_statistics(home) == {"stat_a_exg0.7": measures}
    write(tmp_path, "figures/landmark/stat_b.txt", "Corr: 0.1, p-val: 0.2\n")
    with pytest.raises(InputError, match="stat_b.txt is .*line 1 is 'Corr: 0.1, p-val: 0.2'"):
        published_pages.craniofacial_statistics(tmp_path)


def test_retrieval_lists_are_read_with_and_without_a_separator(tmp_path: Path) -> None:
    text = "3\n[ 5  3]\n[b'-a_1', b'b-_2']\n####\n4\n[4 12]\n[b'c', b'd']\n7\n[7]\n[b'e']\n"
    home = write(tmp_path, "figures/retrieval/data.txt", text)
    assert published_pages.retrieval_lists(home) == [
        RankedList(3, (5, 3), ("-a_1", "b-_2")),
        RankedList(4, (4, 12), ("c", "d")),
        RankedList(7, (7,), ("e",)),
    ]
    with pytest.raises(InputError, match="as many ids"):
        published_pages.retrieval_lists(write(tmp_path, "figures/retrieval/data.txt", "3\n[ 5  3]\n[b'a']\n"))


def test_segment_lengths_need_only_the_list_of_ids(tmp_path: Path) -> None:
    ids = ("-bcDEF_12-k_076.783711-079.783711", "_bcdefghij-_010.000000-022.500000")
    home = write(tmp_path, "figures/avspeech_res/IDs.txt", "\n".join(ids))
    np.testing.assert_allclose(published_pages.segment_seconds(home), [3.0, 12.5])
    assert published_pages.gallery_ids(home) == ids


@pytest.mark.parametrize(
    "read",
    [
        published_pages.retrieval_queries,
        published_pages.craniofacial_statistics,
        published_pages.retrieval_lists,
        published_pages.gallery_ids,
        published_pages.segment_seconds,
    ],
)
def test_a_missing_page_names_the_command_that_brings_it(tmp_path: Path, read) -> None:
    with pytest.raises(InputError, match="is missing from .*; run `s2f fetch published`"):
        read(tmp_path)


# --- a local copy of the real page


def test_the_page_prints_100_ranks_between_2_and_4849_with_median_550(published_source: Path) -> None:
    queries = published_pages.retrieval_queries(published_source)
    ranks = [query.rank for query in queries]
    assert (len(ranks), min(ranks), max(ranks), np.median(ranks)) == (100, 2, 4849, 550)
    assert {query.gallery_size for query in queries} == {5000}
    faces = Counter(face for query in queries for face in query.top)
    assert (len(faces), max(faces.values())) == (621, 16)


def test_the_red_frames_agree_with_the_ranks_and_the_ids(published_source: Path) -> None:
    for query in published_pages.retrieval_queries(published_source):
        assert query.marked == ((query.rank,) if query.rank <= published_pages.N_TOP else ())
        assert [query.top[position - 1] for position in query.marked] == [query.id] * len(query.marked)


def test_the_queries_are_among_the_first_101_of_the_gallery_in_order(published_source: Path) -> None:
    order = published_pages.gallery_ids(published_source)
    places = [order.index(query.id) for query in published_pages.retrieval_queries(published_source)]
    assert places == sorted(places) and places[-1] <= 100


def test_968_segments_last_3_to_15_seconds_and_most_are_shorter_than_the_input(published_source: Path) -> None:
    seconds = published_pages.segment_seconds(published_source)
    videos = {published.segment(clip_id)[0] for clip_id in published_pages.gallery_ids(published_source)}
    assert (len(seconds), len(videos)) == (968, 931)
    assert seconds.min() == pytest.approx(3.0) and seconds.max() == pytest.approx(15.0)
    assert np.mean(seconds < 6) == pytest.approx(0.558, abs=5e-4) and np.sum(seconds < 5.8) == 520


def test_five_files_of_13_correlations_hold_the_published_ones(published_source: Path) -> None:
    found = published_pages.craniofacial_statistics(published_source)
    assert {len(measures) for measures in found.values()} == {13} and len(found) == 5
    source_of_figure = found["stat_0770001_f2f_DEST_0770001_Face_exg0.7DEST"]
    assert source_of_figure["Nasal_index"] == Correlation(0.376, 0.0, True)
    assert source_of_figure["philtrum_width"] == Correlation(0.038, 0.239, False)


def test_the_true_face_stands_where_the_retrieval_lists_say(published_source: Path) -> None:
    lists, order = published_pages.retrieval_lists(published_source), published_pages.gallery_ids(published_source)
    assert [ranked.top.index(ranked.query) + 1 for ranked in lists] == [2, 1, 1, 1, 4, 2]
    named = {index: name for ranked in lists for index, name in zip(ranked.top, ranked.ids, strict=True)}
    known = {index: name for index, name in named.items() if index < len(order)}
    assert len(known) > 6 and all(order[index] == name for index, name in known.items())


def test_the_digits_of_the_file_names_are_the_labels_the_page_prints(published_source: Path) -> None:
    text = (published_source / "figures" / "voxceleb" / "index.html").read_text()
    cells = re.findall(r"<td><br>(.*?)</td>\s*<td><img src=\"./Face_ori/(.*?)\.jpg\"", text)
    printed = {name: [html.unescape(part).strip() for part in words.split("<br>")] for words, name in cells}
    clips = published.clips(published_source, "voxceleb")
    for clip in clips:
        gender, fluency, age, ethnicity = printed[clip.id]
        assert (gender.lower(), fluency.lower()) == (clip.labels.gender, clip.labels.fluency)
        assert (age, ethnicity) == (f"Age: {clip.labels.age_band}", f"Ethnicity: {clip.labels.ethnicity}")
    assert len(clips) == 328
