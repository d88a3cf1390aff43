"""The authors' released examples as aligned clips: voice, true face, F2F and S2F faces (their page; Figs 1 and 3).

Two halves in one layout: `avspeech_res` (968 clips from AVSpeech) and `voxceleb` (328 clips of 130 celebrities). A clip
is six files of one stem: `Wav/<id>.wav` (6 s, 16 kHz, mono) and five 224 px faces, three of them S2F at growing
exaggeration. These are real people: the files live in a cache folder outside git, never in this repository.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from s2f_core.errors import InputError

COMMIT = "ceb7cfa"  # as abbreviated in our sources; every file is checked by its own hash, so no more is needed
HALVES = ("avspeech_res", "voxceleb")
VIEWS = {  # view → folder; "Face2Face" is decoder(v_f), "V2face_exg…" is decoder(v_s) with that exaggeration
    "ori": "Face_ori",
    "f2f": "Face_f2f",
    "exg0": "Face_exg0",
    "exg0.7": "Face_exg0.7",
    "exg1.4": "Face_exg1.4",
}
_FILES = {**{folder: ".jpg" for folder in VIEWS.values()}, "Wav": ".wav"}  # the six folders of a clip
_PLACEHOLDER = "1145Zz_"  # 8 entries Alexa, Google, Siri: one grey picture for all, no person

_GENDER = ("male", "female")
_FLUENCY = ("native", "non-native")
_AGE = ("<20", "20-39", "40-59", ">=60", ">=60")  # the page prints the digits 3 and 4 alike
_ETHNICITY = (
    "American Indian",
    "Asian and Pacific Islander",
    "black or African American",
    "Hispanic or Latino",
    "Non-Hispanic white",
    "else",
)
# Read from the right: a YouTube id is always 11 characters and may itself begin with or contain '-' and '_'.
_AVSPEECH = re.compile(r"(?P<video>[\w-]{11})_(?P<start>\d+\.\d{6})-(?P<end>\d+\.\d{6})", re.ASCII)
_VOXCELEB = re.compile(r"(?P<digits>[01][01][0-4][0-5])(?P<person>.+)_(?P<video>[\w-]{11})_\d{7}")


@dataclass(frozen=True)
class Labels:
    """What the authors' annotators wrote on their page, in their words; a perceived category, not an identity."""

    gender: str
    fluency: str
    age_band: str
    ethnicity: str


@dataclass(frozen=True)
class Clip:
    """One aligned example.

    Unstated: who speaks in an AVSpeech clip. The video stands for the person: someone in two videos counts as two.

    Attributes:
        person: VoxCeleb: the name in the file name. AVSpeech: the video id.
        views: "ori", "f2f", "exg0", "exg0.7", "exg1.4" → 224×224 RGB JPEG.
        audio: 6-s WAV, 16 kHz, mono.
        segment_seconds: length of the source segment before it was cut or repeated to 6 s; None for VoxCeleb.
        labels: None for AVSpeech, whose labels were not released.
    """

    id: str
    half: str
    person: str
    video: str
    views: dict[str, Path]
    audio: Path
    segment_seconds: float | None
    labels: Labels | None


def home(cache: Path) -> Path:
    """The folder inside `cache` that holds this commit's files, in the page's own layout."""
    return cache / f"published-{COMMIT}"


def clips(home: Path, half: str) -> list[Clip]:
    """The complete clips of one half, sorted by id in code-point order; one that lacks any of its six files is not.

    The order does not depend on which other files are there. The authors' own order (their gallery index) is
    `published_pages.gallery_ids`. The 8 placeholders of `voxceleb` are excluded. `published_manifest.inventory` counts
    what is missing.

    Raises:
        InputError: `half` is none of HALVES, or a file name does not follow the authors' rule.
    """
    if half not in HALVES:
        raise InputError(f"the published examples have the halves {' and '.join(HALVES)}; got {half!r}; choose one")
    folders = [home / "figures" / half / folder for folder in _FILES]
    files = (file for folder in folders if folder.is_dir() for file in folder.iterdir())
    paths = (f"figures/{half}/{file.parent.name}/{file.name}" for file in files)
    return [_clip(home, half, clip_id) for clip_id in complete_ids(paths, half)]


def complete_ids(paths: Iterable[str], half: str) -> list[str]:
    """Sorted ids of the clips of `half` with all six files among `paths` (relative, '/'), placeholders excluded."""
    found: Counter[str] = Counter()
    for path in set(paths):
        folder, _, name = path.removeprefix(f"figures/{half}/").partition("/")
        if folder in _FILES and path.startswith(f"figures/{half}/") and name.endswith(_FILES[folder]):
            found[name.removesuffix(_FILES[folder])] += 1
    complete = (clip_id for clip_id, n_files in found.items() if n_files == len(_FILES))
    return sorted(clip_id for clip_id in complete if not clip_id.startswith(_PLACEHOLDER))


def segment(clip_id: str) -> tuple[str, float, float]:
    """Video id, start and end in seconds of an AVSpeech clip, from its name `<video>_<start>-<end>`.

    Raises:
        InputError: the name has another form.
    """
    match = _AVSPEECH.fullmatch(clip_id)
    if not match:
        raise InputError(f"an AVSpeech clip is named <11-character video>_<start>-<end>; got {clip_id!r}; remove it")
    return match["video"], float(match["start"]), float(match["end"])


def labels(clip_id: str) -> tuple[str, str, Labels]:
    """Person, video id and annotators' labels of a VoxCeleb clip named `<4 digits><Name>_<video>_<7 digits>`.

    The digits are gender, fluency, age band and ethnicity; the authors' `index.html` prints the same words.

    Raises:
        InputError: the name has another form.
    """
    match = _VOXCELEB.fullmatch(clip_id)
    if not match:
        raise InputError(f"a VoxCeleb clip is named <4 digits><Name>_<video>_<7 digits>; got {clip_id!r}; remove it")
    gender, fluency, age, ethnicity = map(int, match["digits"])
    return match["person"], match["video"], Labels(_GENDER[gender], _FLUENCY[fluency], _AGE[age], _ETHNICITY[ethnicity])


def folds(clips: Sequence[Clip], n_folds: int, seed: int) -> Int[np.ndarray, " clips"]:
    """Fold index of each clip: a person's clips share one fold, and the folds hold nearly the same number of clips.

    Persons are shuffled by `seed`, then dealt, those with most clips first, each to the fold that is emptiest so far: a
    function of the persons, their numbers of clips and `seed`, whatever the order of `clips`.

    Raises:
        InputError: fewer than two folds, or more folds than persons.
    """
    n_clips = Counter(clip.person for clip in clips)
    if not 2 <= n_folds <= len(n_clips):
        raise InputError(
            f"each fold needs a person, so 2 to {len(n_clips)} folds are possible here; got n_folds={n_folds}; "
            "choose within or fetch more clips"
        )
    shuffled = np.random.default_rng([seed, n_folds]).permutation(np.array(sorted(n_clips)))
    sizes = [0] * n_folds
    fold_of: dict[str, int] = {}
    for person in sorted(map(str, shuffled), key=lambda person: -n_clips[person]):  # stable: ties stay shuffled
        fold_of[person] = sizes.index(min(sizes))
        sizes[fold_of[person]] += n_clips[person]
    return np.array([fold_of[clip.person] for clip in clips])


def _clip(home: Path, half: str, clip_id: str) -> Clip:
    """The clip that `clip_id` names, its paths and what its name says."""
    folder = home / "figures" / half
    views = {view: folder / name / f"{clip_id}.jpg" for view, name in VIEWS.items()}
    audio = folder / "Wav" / f"{clip_id}.wav"
    if half == "voxceleb":
        person, video, said = labels(clip_id)
        return Clip(clip_id, half, person, video, views, audio, None, said)
    video, start, end = segment(clip_id)
    return Clip(clip_id, half, video, video, views, audio, end - start, None)
