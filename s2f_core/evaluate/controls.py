"""What must show nothing, and does it? One voice for everybody, noise as a voice, silence (the paper has no such control).

Shuffled pairs are in `trained`; worlds in which the voice is somebody else's, or the language nobody's, in `worlds`.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from jaxtyping import Float32

from s2f_core.data.audio import CLIP_SAMPLES, SAMPLE_RATE_HZ, read_clip
from s2f_core.errors import InputError
from s2f_core.evaluate import held_out, intervals, retrieval
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, counted, measured
from s2f_core.evaluate.held_out import SHOWN
from s2f_core.evaluate.retrieval import FOUND_PERCENT

SHORT_S = 0.2  # s; less than a clip may have
REFUSED: Mapping[str, Float32[np.ndarray, " samples"]] = {
    "silence": np.zeros(CLIP_SAMPLES, np.float32), "not a number": np.full(CLIP_SAMPLES, np.nan, np.float32),
    "too short": np.full(round(SHORT_S * SAMPLE_RATE_HZ), 0.1, np.float32)}


def one_voice(evidence: Evidence) -> list[Row]:
    """Everybody is given the same voice, the first test person's: true faces are found as guessing finds them."""
    own, rows = evidence.held_out, []
    if own is None or SHOWN not in own.voices:
        return rows
    voices, faces = own.voices[SHOWN], held_out.gallery(own.faces)
    heard = np.repeat(voices.features[voices.first[:1]], len(voices.first), axis=0)
    ranking = retrieval.ranks(heard, faces, np.arange(len(heard)), "cosine")
    rows.append(measured(evidence.ledger["audit.one_voice.found"], SHOWN, retrieval.recall_at_percent(ranking, FOUND_PERCENT)))
    return rows


def noise(evidence: Evidence) -> list[Row]:
    """Noise is given as a voice: is somebody found by it, and is it heard as nobody (nearer to the mean face than voices)?"""
    table, rows = evidence.experiments.sounds, []
    if table is None:
        return rows
    chance = FOUND_PERCENT / 100
    for kind in dict.fromkeys(table.kind.tolist()):
        of_kind, name = table.kind == kind, kind.replace(" ", "_")
        hits = intervals.proportion_clustered(table.percent[of_kind] <= FOUND_PERCENT, None, baseline=chance)
        rows.append(measured(evidence.ledger["audit.noise.found"], name, hits))
        apart = intervals.mean(table.apart[of_kind].astype(np.float64), seed=evidence.params.seed)
        rows.append(measured(evidence.ledger["audit.noise.heard"], name, replace(apart, baseline=1.0)))
    return rows


def refused(evidence: Evidence) -> list[Row]:
    """Sounds that hold no voice at all are refused at the door."""
    claim = evidence.ledger["audit.refused"]
    return [counted(claim, name.replace(" ", "_"), float(_is_refused(sound)), n=1, said=f": {name}")
            for name, sound in REFUSED.items()]


def charted(evidence: Evidence) -> dict[str, Any]:
    """Age, score of 'female' and distance from the mean face of every sound of a kind, for the chart."""
    table = evidence.experiments.sounds
    if table is None:
        return {}
    return {kind: {name: getattr(table, name)[table.kind == kind].astype(float).round(3).tolist()
                   for name in ("woman", "age", "apart")} for kind in dict.fromkeys(table.kind.tolist())}


def _is_refused(sound: Float32[np.ndarray, " samples"]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        soundfile.write(path, sound, SAMPLE_RATE_HZ, subtype="FLOAT")
        try:
            read_clip(path)
        except InputError:
            return True
        return False
