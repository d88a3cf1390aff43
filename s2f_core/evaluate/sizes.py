"""How much there is: files on the authors' page, classes, iterations, and the size of a spectrogram (Sec. 4, Table 1)."""

import torch

from s2f_core.data.audio import CLIP_SAMPLES
from s2f_core.data.corpora.published import HALVES, complete_ids, labels
from s2f_core.data.corpora.published_manifest import manifest
from s2f_core.evaluate.claims import Claim, Row, cell, compare
from s2f_core.evaluate.evidence import Evidence, counted, slug
from s2f_core.features.spectrogram import spectrogram


def sizes(evidence: Evidence) -> list[Row]:
    """What the page holds, counted in the packaged list of its files; the arithmetic of training."""
    ledger = evidence.ledger
    paths = [entry.path for entry in manifest()]
    of = {half: complete_ids(paths, half) for half in HALVES}
    said = [labels(clip) for clip in of["voxceleb"]]
    entries = {path.rsplit("/")[-1] for path in paths if path.startswith("figures/voxceleb/Wav/")}
    counts = {
        "data.avspeech.clips": len(of["avspeech_res"]),
        "data.voxceleb.files": len(entries),
        "data.voxceleb.clips": len(of["voxceleb"]),
        "data.voxceleb.people": len({person for person, _, _ in said}),
        "data.voxceleb.videos": len({video for _, video, _ in said}),
        "data.voxceleb.assistants": len(entries) - len(of["voxceleb"]),
        "fig06.speakers": sum(path.startswith("supplemental/FiginMain/Wav3s/") for path in paths),
        "fig03.random_results": sum(path.startswith("supplemental/qualitative/Wav/") for path in paths),
    }
    rows = [counted(ledger[name], "files", ours) for name, ours in counts.items()]
    for position, attribute in enumerate(("gender", "fluency", "age", "ethnicity")):
        claim = ledger[f"data.voxceleb.{attribute}"]
        digits = [int(name[position]) for name in entries]
        if attribute == "age":
            digits = [min(digit, len(claim.value) - 1) for digit in digits]  # the page prints the digits 3 and 4 alike
        rows += [counted(claim, slug(str(label)), digits.count(place), paper=claim.value[place], said=f": {label}")
                 for place, label in enumerate(claim.rows)]
    for attribute in ("gender", "ethnicity", "age"):
        rows.append(counted(ledger["data.attribute_faces"], attribute, sum(ledger[f"fig04.shares.{attribute}"].value),
                           said=f", counted over {attribute}"))
    rows += _frames(ledger["tab01.input"])
    rows += [counted(ledger["fig08.iterations"], f"{number // 1000}k", number if _is_shown(number, paths) else 0, paper=number,
                    said=f": {number:,}") for number in map(int, ledger["fig08.iterations"].value)]
    largest, smallest = max(ledger["fig04.shares.ethnicity"].value), min(ledger["fig04.shares.ethnicity"].value)
    rows.append(counted(ledger["text.uneven_population"], "shares", largest / smallest, n=ledger["fig04.shares.ethnicity"].n))
    checkpoint = 770_001  # the last one named on the page, in the statistics files' names
    epochs = checkpoint * ledger["text.batch"].value / ledger["data.train_pairs"].value
    rows.append(compare(ledger["text.epochs"], reading="checkpoint", ours=epochs, n=None, low=None, high=None,
                        reason="exact: iterations × batch / pairs"))
    return rows


def _frames(claim: Claim) -> list[Row]:
    """The size of the spectrogram that six seconds give, by making one."""
    shape = spectrogram(torch.zeros(1, CLIP_SAMPLES)).shape[1:]
    return [counted(claim, label, ours, paper=cell(claim, label), said=f": {label}")
            for label, ours in zip(claim.rows or (), shape, strict=True)]


def _is_shown(iterations: int, paths: list[str]) -> bool:
    folders = [f"figures/comp_loss/{iterations // 1000}k_{loss}/" for loss in ("imgloss", "1kloss")]
    return all(any(path.startswith(folder) for path in paths) for folder in folders)
