"""Manners that every command has: an example that parses, errors on one line, quiet pipes, values that the shell completes."""

import errno
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from checkout import ROOT

from s2f_core import cli, cli_manners, machine
from s2f_core.errors import InputError
from s2f_core.notebook import CellError

PROFILES = machine.profiles(ROOT)


def leaves(command: Any, path: str = "s2f") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by how it is called."""
    for name, child in command.commands.items():
        if hasattr(child, "commands"):
            yield from leaves(child, f"{path} {name}")
        else:
            yield f"{path} {name}", child


COMMANDS = dict(leaves(typer.main.get_command(cli.app)))
each_command = pytest.mark.parametrize("call", COMMANDS)


@pytest.fixture
def s2f(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line in this process: exit code, stdout, stderr."""
    monkeypatch.chdir(ROOT)

    def run(*words: str, app: typer.Typer = cli.app) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["s2f", *words])
        with pytest.raises(SystemExit) as left:
            cli_manners.run(app)
        return left.value.code, *capsys.readouterr()

    return run


def failing(error: BaseException) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    def work() -> None:
        raise error

    return app


def test_there_are_commands() -> None:
    assert {"s2f doctor", "s2f notebook run", "s2f corpus check"} <= set(COMMANDS)


@each_command
def test_help_has_a_sentence_an_example_and_a_word_on_each_option(call: str) -> None:
    command = COMMANDS[call]
    assert command.help
    assert re.search(rf"Example: {call}(?![\w-])", command.epilog or ""), f"give {call} an epilog with `Example: {call} …`"
    assert not [one.name for one in command.params if not one.help or "--json" in one.opts and "{" not in one.help]


@each_command
def test_the_example_can_be_typed(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is parsed as it stands, by the real command line, whose work alone is left out."""
    monkeypatch.chdir(ROOT)
    command_line = typer.main.get_command(cli.app)
    ran: list[str] = []
    for name, command in leaves(command_line):
        command.callback = lambda name=name, **_: ran.append(name)
    for example in (examples := re.findall(r"s2f [^;]+", COMMANDS[call].epilog)):
        command_line.main(shlex.split(example)[1:], prog_name="s2f", standalone_mode=False)
    assert ran == [call] * len(examples)


@each_command
def test_a_misspelt_option_is_one_line_with_the_next_step(s2f, call: str) -> None:
    code, out, err = s2f(*call.split()[1:], "--profil", "laptop")
    assert (code, out, err.count("\n")) == (2, "", 1)
    near = "; did you mean --profile? Try" if any("--profile" in one.opts for one in COMMANDS[call].params) else "; "
    assert err.startswith("s2f: no such option: --profil") and near in err and err.endswith(f"ry {call} --help\n")


@pytest.mark.parametrize("call", [call for call, one in COMMANDS.items() if any("--profile" in p.opts for p in one.params)])
def test_an_unknown_profile_is_refused_before_anything_is_written(
    s2f, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    needed = {"s2f train voice-encoder": ["6s"], "s2f show": ["test-00007"]}.get(call, [])
    monkeypatch.setattr(sys, "argv", [*call.split(), *needed, "--profile", "lap"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"unknown profile 'lap'; did you mean 'laptop'[?] Known: {', '.join(PROFILES)}"):
        cli.app(sys.argv[1:], standalone_mode=False)
    assert [path.name for path in tmp_path.iterdir()] == ["params.yaml"]


@pytest.mark.parametrize(("words", "said"), [
    (["verfy"], "no such command 'verfy'; did you mean 'verify'? Try s2f --help"),
    (["corpus", "chck"], "no such command 'chck'; did you mean 'check'? Try s2f corpus --help"),
    (["reconstruct"], "missing argument 'clip'; try s2f reconstruct --help"),
    (["scorecard", "laptop"], "got unexpected extra argument(s) (laptop); try s2f scorecard --help"),
    (["train", "face-encoder", "--profile", "published"], "the profile 'published' has no synthetic people; take smoke or "
     "laptop (models of the released examples: s2f train-published)"),
    (["verify", "--processes", "-1"], "--processes takes 0 (one per core) or more; got -1; write for example --processes 2"),
])
def test_a_wrong_call_is_answered_with_the_right_one(s2f, words: list[str], said: str) -> None:
    assert s2f(*words) == (2, "", f"s2f: {said}\n")


@pytest.mark.parametrize(("error", "code", "said"), [
    (InputError("rule; got; step"), 2, "s2f: rule; got; step"),
    (CellError("page.ipynb, cell 3"), 1, "s2f: page.ipynb, cell 3"),
    (KeyboardInterrupt(), 130, "s2f: interrupted; run the same command again to go on"),
    (ModuleNotFoundError("No module named 'numba'", name="numba"), 1,
     "s2f: the package 'numba' is not installed; `s2f doctor` says what brings it"),
    (OSError(errno.ENOSPC, "No space left on device", "a.json"), 1,
     "s2f: a.json: No space left on device; make room or choose another place (`s2f doctor` says what is free)"),
])
def test_what_a_user_can_understand_is_one_line(s2f, error: BaseException, code: int, said: str) -> None:
    assert s2f(app=failing(error)) == (code, "", f"{said}\n")


@pytest.mark.parametrize("error", [RuntimeError("no luck"), ModuleNotFoundError("No s2f_core.x", name="s2f_core.x")])
def test_a_fault_of_ours_keeps_its_traceback_and_says_where_to_turn(s2f, error: Exception) -> None:
    code, out, err = s2f(app=failing(error))
    assert (code, out) == (1, "") and err.startswith("Traceback") and str(error) in err
    assert err.splitlines()[-1].startswith("s2f: ") and "`s2f doctor`" in err.splitlines()[-1]


def test_help_tells_the_exit_codes_and_version_the_version(s2f) -> None:
    help_text = " ".join(s2f("-h")[1].split())
    for words in ("0 done", "1 the work failed", "2 the input or the call was wrong", "130 interrupted"):
        assert words in help_text
    assert re.fullmatch(r"s2f \d+\.\d+\.\d+\n", s2f("--version")[1])


def test_json_is_all_that_stands_on_stdout(s2f) -> None:
    rows = json.loads((ROOT / "results/laptop/scorecard.json").read_text(encoding="utf-8"))
    assert json.loads(s2f("scorecard", "--json")[1]) == rows


def started(*words: str, code: str = "from s2f_core import cli; cli.main()") -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, *words], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})  # fmt: skip


@pytest.mark.parametrize("words", [["scorecard", "--json"], ["scorecard"], ["--help"]])
def test_a_pipe_whose_reader_left_is_no_reason_to_complain(words: list[str]) -> None:
    process = started(*words)
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1


def test_an_interrupted_command_says_so_and_leaves_with_130() -> None:
    waiting = """
import time, typer
from s2f_core import cli_manners
app = typer.Typer()
@app.command()
def work():
    print("at work", flush=True)
    time.sleep(60)
cli_manners.run(app)
"""
    process = started(code=f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{waiting}")
    assert process.stdout.readline() == "at work\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "s2f: interrupted; run the same command again to go on\n")


@pytest.mark.parametrize(("typed", "offered"), [
    ("s2f verify --profile ", PROFILES), ("s2f corpus render --profile=la", ["laptop"]), ("s2f sc", ["scorecard"]),
    ("s2f train voice-encoder 6", ["6s", "6s_no_bn"]), ("s2f reconstruct a.wav --model s", ["speaker"])])
def test_the_shell_completes_commands_and_values(typed: str, offered: list[str], tmp_path: Path) -> None:
    asked = os.environ | {"_S2F_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    command = [sys.executable, "-m", "s2f_core.cli"]
    done = subprocess.run(command, cwd=ROOT, env=asked, capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (offered, "")
    outside = subprocess.run(command, cwd=tmp_path, env=asked, capture_output=True, text=True, check=True)
    assert outside.stderr == ""
