"""Memory of this process, where the C library is glibc: keep what was freed instead of giving it back to the system."""

import ctypes
import platform

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # mallopt's names for them; malloc.h
LARGEST = 2**31 - 1  # what an int holds: never trim


def keep_freed() -> bool:
    """Keep freed memory for the next step of a training, which asks for as much again; return whether that could be set.

    By default glibc returns each large block when it is freed, and the system clears fresh pages for the next one: a
    third of the time of a training step on a processor. The process then stays as large as it ever was.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(MMAP_MAX, 0)) and bool(mallopt(TRIM_THRESHOLD, LARGEST))
