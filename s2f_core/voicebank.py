"""Build the voice bank: render what is missing over several processes, then take it apart and pack it."""

import functools
from collections.abc import Callable
from pathlib import Path

from s2f_core import workers
from s2f_core.synthesis.voice import build_bank
from s2f_core.synthesis.voice.catalogue import load_catalogue

PARTS = 64  # of the clips: progress moves by a part, and a part loads the synthesiser anew


def n_to_render(working: Path) -> int:
    """How many clips are not rendered yet."""
    return sum(not build_bank.kept(working, clip).exists() for clip in build_bank.clips_of(load_catalogue()))


def render(downloads: Path, working: Path, *, processes: int, on_progress: Callable[[int], None]) -> None:
    """Render the clips that `working` lacks; each is kept when it is done."""
    work = functools.partial(_render_part, downloads, working)
    for n_clips in workers.spread(work, range(PARTS), processes=processes):
        on_progress(n_clips)


def pack(working: Path, folder: Path) -> None:
    """Write the bank from the rendered clips."""
    build_bank.pack(working, folder)


def _render_part(downloads: Path, working: Path, number: int) -> int:
    done: list[build_bank.Clip] = []
    build_bank.render(downloads, working, share=(number, PARTS), done=done.append)
    return len(done)
