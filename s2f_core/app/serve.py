"""`make app`: the app as a web page on this computer. What the server allows stands in voila.json beside this file.

Only this computer can ask (127.0.0.1), and only with the token of the address that is printed; each visitor has a kernel of
their own, which ends after half an hour without a click; a page may load nothing from elsewhere.
"""

import os
import sys
from pathlib import Path

from s2f_core import config, notebook
from s2f_core.app.listener import Listener
from s2f_core.app.shelf import open_shelf
from s2f_core.errors import InputError

NOTEBOOK = Path("notebooks", "app", "try_your_voice.ipynb")
OPTIONS = Path(__file__).resolve().with_name("voila.json")


def command(root: Path, *options: str) -> list[str]:
    """The server's command line; `options` go to Voilà as they are, such as `--port=8867`."""
    return [sys.executable, "-m", "voila", str(root / NOTEBOOK), f"--Voila.config_file_paths={OPTIONS.parent}", *options]


def main() -> None:
    """Prepare what the page looks up, then become the server."""
    try:
        root = config.project_root(Path.cwd())
        profile = notebook.parameter_names(notebook.read(root / NOTEBOOK), name=NOTEBOOK.name)["profile"]
        open_shelf(root, profile, Listener.load(root, profile).main)
    except InputError as error:
        print(f"s2f: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    print("The app opens at the address with ?token= below; ^C ends it.", flush=True)
    line = command(root, *sys.argv[1:])
    os.execv(line[0], line)


if __name__ == "__main__":
    main()
