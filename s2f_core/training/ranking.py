"""How well features find their faces (as Table 3 asks), for early stopping only: tables are made by `evaluate/retrieval`."""

from jaxtyping import Float, Int, Int64
from torch import Tensor
from torch.nn.functional import normalize


def ranks(queries: Float[Tensor, "queries feature"], gallery: Float[Tensor, "faces feature"], own: Int[Tensor, " queries"]
          ) -> Int64[Tensor, " queries"]:
    """Rank, from 1, of each query's own row of the gallery by cosine similarity; ties, and NaN, count against it."""
    similar = normalize(queries.float(), dim=1) @ normalize(gallery.float(), dim=1).T
    truth = similar.gather(1, own[:, None].to(similar.device))
    return (~(similar < truth)).sum(dim=1)  # of what is no number nothing is less: it comes last


def summary(queries: Float[Tensor, "queries feature"], gallery: Float[Tensor, "faces feature"], own: Int[Tensor, " queries"]
            ) -> dict[str, float]:
    """Share found first and within the first 1 and 10 percent of the gallery, and the mean rank in percent (chance: 50)."""
    found = ranks(queries, gallery, own).double()
    percent = 100 * (found - 0.5) / len(gallery)
    return {"top1": float((found == 1).double().mean()), "top1percent": float((percent <= 1).double().mean()),
            "top10percent": float((percent <= 10).double().mean()), "mean_percent": float(percent.mean())}
