"""Progress of long work: a bar with the time left on a terminal, a line every tenth in a log."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the number of steps done since the last call; quiet where there is nothing to do."""
    if total == 0:
        yield lambda steps: None
        return
    interactive = sys.stderr.isatty()
    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeElapsedColumn(),
               bars.TimeRemainingColumn())
    with bars.Progress(*columns, console=Console(stderr=True), disable=not interactive) as shown:
        task = shown.add_task(title, total=total)

        def advance(steps: int) -> None:
            before = int(10 * shown.tasks[0].completed / total)
            shown.advance(task, steps)
            done = int(shown.tasks[0].completed)
            if not interactive and int(10 * done / total) > before:
                print(f"{title}: {done}/{total}", file=sys.stderr, flush=True)

        yield advance
