"""Numbers of Sec. 3 that the code holds are those that it works with, and a wrong one is noticed."""

import numpy as np
import pytest
import torch
from invented_evidence import PARAMS

from s2f_core.evaluate import settings
from s2f_core.evaluate.claims import load_ledger
from s2f_core.evaluate.evidence import Evidence
from s2f_core.features.spectrogram import compress, spectrogram


def test_the_front_end_works_with_what_it_is_said_to() -> None:
    seconds = 2.0
    found = spectrogram(torch.zeros(1, round(seconds * settings.HELD["text.rate"])))
    assert found.shape[2] == settings.HELD["text.frequencies"]
    hop, window = settings.HELD["text.hop"], settings.HELD["text.window"]
    assert found.shape[1] == (1000 * seconds - window) // hop + 1
    assert compress(torch.tensor([8.0])).item() == pytest.approx(np.power(8.0, settings.HELD["text.compression"]))


def test_a_number_that_is_not_the_papers_is_contradicted(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = Evidence(load_ledger(), PARAMS)
    assert {row.verdict for row in settings.settings(evidence)} == {"reproduced"}
    monkeypatch.setitem(settings.HELD, "text.hop", 12.5)
    assert {row.id: row.verdict for row in settings.settings(evidence)}["text.hop/code"] == "contradicted"
