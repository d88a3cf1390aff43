"""The order of examples is a function of seed and epoch; threads change the time that batches take and nothing else."""

import re
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from s2f_core.errors import InputError
from s2f_core.training import loader
from s2f_core.training.loader import Piece, prefetched

Pair = namedtuple("Pair", ["left", "right"])


def cut(steps: range, **changes: int) -> list[Piece]:
    return list(loader.pieces(22, steps, **{"seed": 5, "batch_size": 4, "accumulation": 1, **changes}))


def counted() -> Iterator[Piece]:
    return iter(cut(range(20)))


def test_an_epoch_holds_each_example_once_in_an_order_of_its_own() -> None:
    epochs = [loader.order(50, seed=5, epoch=epoch) for epoch in (0, 1, 0)]
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert epochs[0].tolist() == epochs[2].tolist() != epochs[1].tolist()
    assert loader.order(50, seed=6, epoch=0).tolist() not in (epochs[0].tolist(), epochs[1].tolist())


def test_batches_are_stretches_of_the_epoch_without_the_incomplete_one() -> None:
    first, second = (np.concatenate([piece.indices for piece in cut(range(start, start + 5))]) for start in (0, 5))
    assert first.tolist() == loader.order(22, seed=5, epoch=0)[:20].tolist()
    assert second.tolist() == loader.order(22, seed=5, epoch=1)[:20].tolist()
    assert [(piece.step, piece.epoch) for piece in cut(range(4, 6))] == [(4, 0), (5, 1)]


def test_a_resumed_order_is_the_rest_of_the_whole_one() -> None:
    whole, rest = cut(range(12)), cut(range(7, 12))
    assert [piece.indices.tolist() for piece in rest] == [piece.indices.tolist() for piece in whole[7:]]


@pytest.mark.parametrize(("n_processes", "accumulation"), [(1, 2), (1, 4), (2, 1), (2, 2), (4, 1)])
def test_processes_and_pieces_share_a_batch_without_loss_or_repetition(n_processes: int, accumulation: int) -> None:
    for batch in cut(range(12)):
        shares = [piece for rank in range(n_processes) for piece in cut(
            range(batch.step, batch.step + 1), accumulation=accumulation, rank=rank, n_processes=n_processes)]
        assert len(shares) == n_processes * accumulation
        assert np.concatenate([piece.indices for piece in shares]).tolist() == batch.indices.tolist()


@pytest.mark.parametrize("n_workers", [1, 3, 40])
def test_the_number_of_workers_changes_nothing(n_workers: int) -> None:
    def make(piece: Piece) -> tuple[int, torch.Tensor]:
        return piece.step, torch.from_numpy(piece.indices).float().sqrt().sum()

    assert list(prefetched(make, counted(), n_workers=n_workers)) == list(prefetched(make, counted(), n_workers=0))


def test_batches_are_made_ahead_but_not_without_bound_and_nobody_stays() -> None:
    made: list[int] = []
    second = threading.Event()

    def make(piece: Piece) -> int:
        made.append(piece.step)
        if piece.step == 1:
            second.set()
        return piece.step

    batches = prefetched(make, counted(), n_workers=1)
    assert next(batches) == 0
    assert second.wait(10), "the second batch was not made before it was asked for"
    batches.close()
    assert made == [0, 1]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


@pytest.mark.parametrize("n_workers", [0, 2])
def test_an_error_comes_at_its_place_in_the_order(n_workers: int) -> None:
    def make(piece: Piece) -> int:
        if piece.step == 7:
            raise InputError("clip 7 cannot be read")
        return piece.step

    batches = prefetched(make, counted(), n_workers=n_workers)
    assert [next(batches) for _ in range(7)] == list(range(7))
    with pytest.raises(InputError, match="clip 7 cannot be read"):
        next(batches)


def test_a_negative_number_of_workers_is_refused() -> None:
    with pytest.raises(InputError, match=r"by 0 \(in line\) or more threads, got -1"):
        next(prefetched(id, counted(), n_workers=-1))


def test_a_batch_moves_with_its_structure_and_only_pictures_change_their_order_in_memory() -> None:
    picture, row = torch.arange(48.0).reshape(2, 2, 3, 4), torch.arange(3)
    batch = {"a": [picture, "name"], "b": Pair(row, (row, 7))}
    moved = loader.to_device(batch, torch.device("cpu"), channels_last=True)
    assert moved["a"][0].is_contiguous(memory_format=torch.channels_last) and torch.equal(moved["a"][0], picture)
    assert moved["a"][1] == "name" and moved["b"].right[1] == 7 and moved["b"].left is row
    assert loader.to_device(batch, torch.device("cpu"))["a"][0] is picture
    assert loader.shapes(batch) == "(2, 2, 3, 4), (3,), (3,)"
    assert loader.shapes("words") == "no tensor"


def refusal(work: Callable[[], object]) -> str:
    """What a batch's error is explained as."""
    with pytest.raises(InputError) as refused, loader.explained("step 3") as seen:
        seen[:] = [loader.shapes(torch.zeros(2, 5))]
        work()
    return str(refused.value)


def full_gpu() -> None:
    raise torch.OutOfMemoryError("CUDA is full")


def test_shapes_that_do_not_fit_and_memory_that_runs_out_are_explained() -> None:
    wrong = refusal(lambda: torch.nn.Linear(6, 1)(torch.zeros(2, 5)))
    assert wrong.startswith("step 3: the examples do not fit the model (mat1 and mat2 shapes cannot be multiplied")
    assert wrong.endswith("the batch holds (2, 5): check which features the model was made for")
    assert refusal(lambda: torch.stack([torch.zeros(2), torch.zeros(3)])).startswith("step 3: the examples do not fit")
    for work in (lambda: torch.empty(2**50), lambda: np.empty(2**50), full_gpu):
        assert re.match(r"memory ran out at step 3 \(.*\); lower batch_size, or raise accumulation", refusal(work))


@pytest.mark.parametrize("error", [InputError("as it was"), RuntimeError("a mistake"), KeyError("total")])
def test_all_other_errors_pass_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as passed, loader.explained("step 3"):
        raise error
    assert passed.value is error
