"""Sec. 3's numbers of the front end, the losses and the schedule, as the code of this package holds them.

A row that agrees says that the number was taken over, not that it is a good one. The optimiser's own numbers are left out:
they are choices of a run (`params.yaml`), and the shipped models were not trained with them.
"""

from s2f_core.data.audio import CLIP_SECONDS, SAMPLE_RATE_HZ
from s2f_core.data.faces import FACE_PX
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, counted
from s2f_core.features.spectrogram import FFT_SAMPLES, FREQ_BINS, HOP_SAMPLES, POWER, WINDOW_SAMPLES
from s2f_core.models.face_decoder import PAPER_TRUNK
from s2f_core.models.face_encoder import VGG_CLASSES, VGG_FC
from s2f_core.training.losses import PUBLISHED
from s2f_core.training.schedule import DECAY, DECAY_STEPS

READ = "code"
MS = 1000 / SAMPLE_RATE_HZ  # milliseconds per sample
HELD = {
    "text.rate": SAMPLE_RATE_HZ, "text.window": WINDOW_SAMPLES * MS, "text.hop": HOP_SAMPLES * MS,
    "text.transform": FFT_SAMPLES,
    "text.frequencies": FREQ_BINS, "text.compression": POWER, "text.clip": CLIP_SECONDS, "text.face_size": FACE_PX,
    "text.feature": VGG_FC, "text.classes": VGG_CLASSES, "text.decoder_layer": PAPER_TRUNK, "text.lambda1": PUBLISHED.lambda1,
    "text.lambda2": PUBLISHED.lambda2, "text.temperature": PUBLISHED.temperature, "text.decay": DECAY,
    "text.decay_every": DECAY_STEPS,
}  # fmt: skip


def settings(evidence: Evidence) -> list[Row]:
    """One row for each number that is held."""
    return [counted(evidence.ledger[name], READ, ours) for name, ours in HELD.items()]
