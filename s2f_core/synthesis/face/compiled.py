"""Turn the plain loops of `kernels`, `shading` and `pixels` into machine code, once per machine, when first asked."""

import functools
import hashlib
import importlib.util
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s2f_core.errors import InputError
from s2f_core.synthesis.face import kernels, pixels, shading

# Callees before callers: each is compiled against those before it.
ORDER: tuple[Callable[..., Any], ...] = (
    kernels.covered, kernels.raster, kernels.normals, kernels.seen_from, kernels.visibility, kernels.diffuse,
    shading.mix, shading.bilinear, shading.ramp, shading.scalp_cover, shading.skin, shading.eye,
    pixels.strands, pixels.teeth, pixels.glint, pixels.material, pixels.shade,
)


@functools.cache
def compiled() -> types.SimpleNamespace:
    """Return the compiled loops by name (about 25 s on the first call on a machine, kept on its disk by numba).

    Raises InputError where numba or OpenCV is missing.
    """
    missing = [name for name in ("numba", "cv2") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"rendering faces needs {' and '.join(missing)}, not installed: pip install -e .[corpus]")
    import numba  # an extra: only who renders faces has it

    options = {"cache": True, "fastmath": True, "error_model": "numpy"}
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in (kernels, shading, pixels))
    version = hashlib.sha256(sources + repr(options).encode()).hexdigest()[:12]
    done: dict[str, Any] = {}
    for function in ORDER:
        plain = inspect.unwrap(function)  # while testing, a decorator checks shapes
        bound = types.FunctionType(plain.__code__, {**plain.__globals__, **done}, plain.__name__)
        bound.__module__ = plain.__module__
        bound.__qualname__ = f"{plain.__name__}_{version}"  # numba's cache knows a caller's source, not its callees'
        done[plain.__name__] = numba.njit(bound, **options)
    return types.SimpleNamespace(**done)
