"""How much processor time a second of synthetic speech costs, from the bank to a recording, and how much memory.

    python benchmarks/speaking.py [--json PATH]

Needs data/voicebank. One process, one thread, as a corpus is rendered on each core.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from s2f_core import artifacts
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.synthesis.voice.bank import VoiceBank
from s2f_core.synthesis.voice.parameters import VoiceParams
from s2f_core.synthesis.voice.room import record, sample_condition
from s2f_core.synthesis.voice.speak import speak

ROUNDS, CLIPS = 5, 40
TARGET_RTF = 0.008  # processor seconds per second of speech
TARGET_MIB = 300


def somebody(bank: VoiceBank, rng: np.random.Generator) -> tuple[VoiceParams, str, str]:
    """A blended voice, and a sentence that both of its base voices say."""
    voices = list(bank.catalogue.voices.values())
    first = voices[rng.integers(len(voices))]
    second = next(one for one in voices if (one.sex, one.languages) == (first.sex, first.languages) and one != first)
    language = next(iter(first.languages))
    sentence = bank.catalogue.sentences_of(first.name, language, held_out=False)[0]
    params = VoiceParams(f0_hz=first.f0_hz, f0_sd_st=2.8, vtl_cm=first.vtl_cm * 1.03, formant_shifts=(0.02, -0.02, 0.01, 0.0),
                         jitter_pct=0.5, shimmer_pct=2.0, breath=0.1, tremor=0.0, tilt_db_oct=0.0, tempo=1.0,
                         base=(first.name, second.name), blend=0.3)  # fmt: skip
    return params, language, sentence


def cost(make: Callable[[int], np.ndarray]) -> float:
    """Processor seconds per second of sound over CLIPS clips."""
    start, n_samples = time.process_time(), 0
    for number in range(CLIPS):
        n_samples += len(make(number))
    return (time.process_time() - start) * SAMPLE_RATE_HZ / n_samples


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    wanted = parser.parse_args()
    with threadpool_limits(1):  # as a worker process does: processor seconds of waiting threads are no work
        _run(wanted.json)


def _run(target: Path | None) -> None:
    start = time.process_time()
    bank = VoiceBank.load(Path("data/voicebank"))
    loading = time.process_time() - start
    clean: dict[int, np.ndarray] = {}

    def say(number: int) -> np.ndarray:
        rng = np.random.default_rng(number)
        params, language, sentence = somebody(bank, rng)
        clean[number] = speak(bank, params, language, (sentence,), rng=rng)
        return clean[number]

    def put_in_a_room(number: int) -> np.ndarray:
        rng = np.random.default_rng(number)
        return record(clean[number], sample_condition(rng), rng=rng)

    table = {name: [cost(make) for _ in range(ROUNDS)] for name, make in {"speak": say, "record": put_in_a_room}.items()}
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"synthetic speech, {CLIPS} clips, median of {ROUNDS} rounds (smallest-largest); bank read in {loading:.1f} s")
    for name, taken in table.items():
        print(f"  {name:8} {statistics.median(taken):.4f} processor seconds per second ({min(taken):.4f}-{max(taken):.4f})")
    print(f"  both {sum(map(statistics.median, table.values())):.4f} (target ≤ {TARGET_RTF}); "
          f"peak memory {peak_mib:.0f} MiB (target ≤ {TARGET_MIB})")  # fmt: skip
    if target:
        artifacts.write_json(target, {"clips": CLIPS, "rounds": ROUNDS, "rtf": table, "peak_mib": peak_mib})


if __name__ == "__main__":
    main()
