"""How `s2f` behaves whatever the command: errors on one line with the next step, and the exit code that says which kind.

Exit codes: 0 done · 1 the work failed · 2 the input or the call was wrong · 130 interrupted.
"""

import os
import sys
import traceback
from typing import Any, NoReturn

import typer

from s2f_core.errors import InputError

INTERRUPTED = 130


def run(app: typer.Typer) -> NoReturn:
    """Run the command line and leave with its exit code."""
    try:
        code = _work(app)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output left, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain once more at its end
        code = 1
    raise SystemExit(code)


def _work(app: typer.Typer) -> int:
    try:
        code = typer.main.get_command(app)(prog_name="s2f", standalone_mode=False) or 0
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        code, words = _answer(error)
        if words:
            print(f"s2f: {words}", file=sys.stderr)
    if code == INTERRUPTED:
        print("s2f: interrupted; run the same command again to go on", file=sys.stderr)
    return code


def _answer(error: Exception) -> tuple[int, str]:
    """Exit code and words for an error; the traceback only for a fault of ours."""
    from s2f_core.notebook import CellError

    match error:
        case InputError():
            return 2, str(error)
        case typer.TyperException():
            return 2, _usage(error)
        case CellError():
            return 1, str(error)
        case ModuleNotFoundError(name=str(name)) if not name.startswith("s2f_core"):
            return 1, f"the package {name!r} is not installed; `s2f doctor` says what brings it"
        case OSError(strerror=str(fault)):
            place = f"{error.filename}: " if error.filename else ""
            return 1, f"{place}{fault}; make room or choose another place (`s2f doctor` says what is free)"
    traceback.print_exception(error)
    return 1, (f"{type(error).__name__} is a fault of the program, not of yours; `s2f doctor` says whether the environment is "
               "whole; report it to the maintainers with the lines above and the command")  # fmt: skip


def _usage(error: Any) -> str:
    """Typer's own complaints on one line, with the nearest right name and where the right call is written."""
    near = sorted(getattr(error, "possibilities", None) or ())
    words = " ".join((error.message if near else error.format_message()).split()).rstrip(".")
    if not words:  # a group without a command has printed its help
        return ""
    words = words.replace(". Did you mean", "; did you mean") + (f"; did you mean {' or '.join(near)}?" if near else "")
    context = getattr(error, "ctx", None)
    call = f"{context.command_path if context else 's2f'} --help"
    return f"{words[0].lower()}{words[1:]}" + (f" Try {call}" if words.endswith("?") else f"; try {call}")
