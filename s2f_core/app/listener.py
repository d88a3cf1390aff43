"""All variants of the voice encoder side by side, and the decoder that draws what they hear."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from s2f_core import config
from s2f_core.held_out import ReconstructBlock
from s2f_core.models import trained_set
from s2f_core.models.trained_set import VARIANT
from s2f_core.reconstruct import Reconstructor

VARIANTS: Mapping[str, str] = {  # what differs, in words
    "6s": "hears six seconds",
    "3s": "hears three seconds",
    "6s_no_bn": "trained without batch normalisation",
    "speaker": "hears through a speaker embedding",
    "pixel_loss": "trained to match pixels",
}


@dataclass(frozen=True)
class Listener:
    """Hears 16 kHz samples of any length from half a second on; draws features. `sets`: by variant, `VARIANT` among them."""

    sets: Mapping[str, Reconstructor]

    @classmethod
    def load(cls, root: Path, profile: str) -> "Listener":
        """Read the variants of the trained set that the profile reconstructs with. Raises InputError as `TrainedSet.load`."""
        folder = root / config.load(root, "reconstruct", ReconstructBlock, profile=profile).weights
        known = trained_set.variants(folder)
        ge2e = root / trained_set.SHIPPED_GE2E
        return cls({name: Reconstructor.load(folder, name, ge2e=ge2e) for name in VARIANTS if name in known})

    @property
    def main(self) -> Reconstructor:
        """The variant that the paper shows."""
        return self.sets[VARIANT]

    def hear(self, samples: Float32[np.ndarray, " samples"], variant: str = VARIANT) -> Float32[np.ndarray, " feature"]:
        """v_s of the first seconds, repeated where the variant takes more. Raises InputError as `Reconstructor.hear`."""
        return self.sets[variant].hear(torch.from_numpy(samples)[None])[0].numpy()

    def hear_all(self, samples: Float32[np.ndarray, " samples"]) -> dict[str, Float32[np.ndarray, " feature"]]:
        """v_s by variant. Raises InputError as `hear`."""
        return {variant: self.hear(samples, variant) for variant in self.sets}

    def draw(self, features: Float32[np.ndarray, "faces feature"], exaggerate: float = 0.0
             ) -> UInt8[np.ndarray, "faces side side 3"]:
        """RGB faces. Raises InputError as `Reconstructor.draw`."""
        return self.main.draw(torch.from_numpy(features), exaggerate).numpy()
