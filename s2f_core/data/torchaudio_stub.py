"""Imports torchaudio where its compiled extension cannot load, which this project never needs."""

import sys
from types import ModuleType


def load_torchaudio() -> ModuleType:
    """Return torchaudio; where its extension was linked against CUDA libraries that are absent, without the extension.

    The newest torchaudio is built against one CUDA version and imports its extension first, so beside a CPU build of
    torch `import torchaudio` raises OSError. Resampling, transforms and filter banks are plain PyTorch: a stand-in
    module that says «no extension» is all they ask for.
    """
    try:
        import torchaudio
    except OSError:
        extension = ModuleType("torchaudio._extension")
        extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
        extension.fail_if_no_align = lambda function: function
        sys.modules[extension.__name__] = extension
        import torchaudio
    return torchaudio
