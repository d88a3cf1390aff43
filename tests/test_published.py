"""The authors' published examples: manifest, clips, folds; on an invented page, then on a local copy if any."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from invented_page import AVSPEECH, FOLDERS, VOXCELEB, entries_of, page, write

from s2f_core.data.corpora import published, published_manifest
from s2f_core.data.corpora.published_manifest import Count, blob_id, inventory, manifest
from s2f_core.errors import InputError


def test_the_packaged_manifest_lists_both_halves_of_the_page() -> None:
    entries = manifest()
    folders = Counter(entry.path.rpartition("/")[0] for entry in entries)
    assert len(entries) == 10_058
    assert {folders[f"figures/avspeech_res/{name}"] for name in FOLDERS} == {968}
    assert {folders[f"figures/voxceleb/{name}"] for name in FOLDERS} == {336}
    paths = [entry.path for entry in entries]
    assert len(published.complete_ids(paths, "avspeech_res")) == 968
    assert len(published.complete_ids(paths, "voxceleb")) == 328
    assert sum(entry.bytes for entry in entries) == 378_709_499


@pytest.mark.parametrize(
    "line",
    [
        f"{'0' * 40}\t5\t../outside.txt",
        f"{'0' * 40}\t5\tfigures/../../outside.txt",
        f"{'0' * 40}\t5\t/figures/a.txt",
        f"{'0' * 40}\t5\tfigures//a.txt",
        f"{'0' * 40}\t5\tfigures\\a.txt",
        f"{'0' * 40}\t-5\tfigures/a.txt",
        f"{'0' * 39}\t5\tfigures/a.txt",
        f"{'0' * 40}\t5\tfigures/ok.txt",
    ],
)
def test_a_manifest_line_that_is_malformed_doubled_or_leads_elsewhere_is_refused(line: str) -> None:
    text = f"heading\n{'0' * 40}\t5\tfigures/ok.txt\n{line}\n"
    with pytest.raises(InputError, match="line 3 is .*reinstall"):
        published_manifest.parse_manifest(text)


def test_our_blob_id_is_the_one_git_computes() -> None:
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # `git hash-object --stdin < /dev/null`
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"  # `echo hello | git hash-object --stdin`


def test_clips_of_both_halves_carry_what_their_names_say(tmp_path: Path) -> None:
    home = write(tmp_path, page())
    known = {clip.id: clip for half in published.HALVES for clip in published.clips(home, half)}
    assert list(known) == sorted(AVSPEECH) + sorted(VOXCELEB)
    first = known[AVSPEECH[0]]
    assert (first.person, first.video, first.labels) == ("-bcDEF_12-k", "-bcDEF_12-k", None)
    assert first.segment_seconds == pytest.approx(3.0)
    assert known[AVSPEECH[1]].video == "_bcdefghij-" and known[AVSPEECH[1]].segment_seconds == pytest.approx(12.5)
    ann, bo = known[VOXCELEB[0]], known[VOXCELEB[2]]
    assert (ann.person, ann.video, ann.segment_seconds) == ("Ann_Example", "-_aB3-_xyz9", None)
    assert ann.labels == published.Labels("male", "native", "20-39", "black or African American")
    assert (bo.person, bo.labels) == ("Bo_O-Test", published.Labels("female", "non-native", ">=60", "American Indian"))
    assert ann.audio.parent.name == "Wav" and set(ann.views) == {"ori", "f2f", "exg0", "exg0.7", "exg1.4"}
    files = [(clip.id, path) for clip in known.values() for path in (*clip.views.values(), clip.audio)]
    assert len(set(files)) == 36 and all(path.is_file() and path.stem == clip_id for clip_id, path in files)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_clip_without_one_of_its_six_files_is_left_out(tmp_path: Path, folder: str) -> None:
    home = write(tmp_path, page())
    (home / "figures" / "voxceleb" / folder / f"{VOXCELEB[0]}.{FOLDERS[folder]}").unlink()
    assert [clip.id for clip in published.clips(home, "voxceleb")] == sorted(VOXCELEB[1:])
    assert inventory(home, entries_of(page())).clips["voxceleb"] == Count(2, 3)


def test_an_empty_home_has_no_clips_and_a_strange_half_or_name_is_an_error(tmp_path: Path) -> None:
    assert published.clips(tmp_path, "avspeech_res") == []
    with pytest.raises(InputError, match="halves avspeech_res and voxceleb; got 'vox'"):
        published.clips(tmp_path, "vox")
    with pytest.raises(InputError, match="AVSpeech clip is named .*got 'short_1-2'"):
        published.segment("short_1-2")
    with pytest.raises(InputError, match="VoxCeleb clip is named .*got '0092Ann_Example_abcdefghijk_0000001'"):
        published.labels("0092Ann_Example_abcdefghijk_0000001")


def invented(n_clips_of: dict[str, int]) -> list[published.Clip]:
    somewhere = Path("a")
    return [
        published.Clip(f"{person}{k}", "voxceleb", person, "", {}, somewhere, None, None)
        for person, n_clips in n_clips_of.items()
        for k in range(n_clips)
    ]


def test_folds_never_split_a_person_and_are_balanced() -> None:
    clips = invented({f"person{k:02d}": 1 + k % 4 for k in range(41)})
    fold = published.folds(clips, 5, seed=0)
    assert len({(clip.person, index) for clip, index in zip(clips, fold.tolist(), strict=True)}) == 41
    sizes = np.bincount(fold, minlength=5)
    assert sizes.sum() == len(clips) and sizes.max() - sizes.min() <= 1


def test_folds_depend_on_the_seed_and_not_on_the_order_of_clips() -> None:
    clips = invented({f"person{k:02d}": 1 + k % 4 for k in range(41)})
    fold = published.folds(clips, 5, seed=0)
    assert published.folds(clips[::-1], 5, seed=0)[::-1].tolist() == fold.tolist()
    assert published.folds(clips, 5, seed=1).tolist() != fold.tolist()


@pytest.mark.parametrize("n_folds", [1, 4])
def test_more_folds_than_persons_or_a_single_fold_is_an_error(n_folds: int) -> None:
    with pytest.raises(InputError, match=f"2 to 3 folds are possible here; got n_folds={n_folds}"):
        published.folds(invented({"a": 2, "b": 1, "c": 5}), n_folds, seed=0)


# --- a local copy of the real page


def test_the_local_copy_is_the_authors_file_by_file(published_source: Path) -> None:
    found = inventory(published_source)
    assert found.refused == ()
    assert found.clips["voxceleb"] == Count(328, 328)
    present = [entry for entry in manifest() if (published_source / entry.path).is_file()]
    assert sum(count.present for count in found.folders.values()) == len(present)
    blobs = {entry.path: blob_id((published_source / entry.path).read_bytes()) for entry in present}
    assert blobs == {entry.path: entry.blob for entry in present}


def test_the_voxceleb_half_has_328_clips_of_130_persons_with_the_page_s_labels(published_source: Path) -> None:
    clips = published.clips(published_source, "voxceleb")
    assert (len(clips), len({clip.person for clip in clips}), len({clip.video for clip in clips})) == (328, 130, 278)
    names = ("gender", "fluency", "age_band", "ethnicity")
    count = {name: Counter(getattr(clip.labels, name) for clip in clips) for name in names}
    assert count["gender"] == {"male": 168, "female": 168 - 8}  # the 8 placeholders are labelled 1145
    assert count["fluency"] == {"native": 216, "non-native": 120 - 8}
    assert count["age_band"] == {"<20": 8, "20-39": 120, "40-59": 120, ">=60": 88 - 8}
    assert sorted(count["ethnicity"].values()) == sorted([8, 64, 48, 56, 112, 48 - 8])
    assert len({(clip.person, clip.labels) for clip in clips}) == 130
    sizes = np.bincount(published.folds(clips, 5, seed=0))
    assert sizes.max() - sizes.min() <= 1
