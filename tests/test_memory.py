"""Freed memory stays with the process where the C library lets it, and nothing breaks where it does not."""

import resource
import subprocess
import sys

import pytest

from s2f_core import memory

CHURN = """
import resource, sys
import numpy as np
from s2f_core import memory
if sys.argv[1] == "keep":
    assert memory.keep_freed()
for _ in range(20):
    np.ones(8_000_000)  # 64 MB, freed at once
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(memory.platform.libc_ver()[0] != "glibc", reason="another C library")
def test_pages_are_asked_for_once() -> None:
    faults = {how: int(subprocess.run([sys.executable, "-c", CHURN, how], capture_output=True, text=True, check=True).stdout)
              for how in ("keep", "give back")}
    pages = 64_000_000 // resource.getpagesize()
    if faults["give back"] < 10 * pages // 16:
        pytest.skip("this system gives huge pages")
    assert faults["keep"] < faults["give back"] / 2


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.platform, "libc_ver", lambda: ("", ""))
    assert not memory.keep_freed()
