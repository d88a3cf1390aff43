"""Whether a task can be learnt at all."""

import numpy as np
import torch


def losses(task: object, n_steps: int, rate: float) -> list[float]:
    """Totals over a few steps of the same batch."""
    optimiser = torch.optim.Adam(task.model.parameters(), lr=rate)
    batch, found = task.batch(np.arange(4), seed=0, epoch=0, step=0), []
    for _ in range(n_steps):
        optimiser.zero_grad()
        terms = task.loss(batch)
        terms["total"].backward()
        optimiser.step()
        found.append(terms["total"].item())
    return found
