"""A world: how strongly the causes of the synthetic population act. The audits turn these, the tests know their answer."""

from typing import Literal

from s2f_core import config

WorldName = Literal["literature", "planted", "independent", "skewed"]


class World(config.Block):
    """One world of params.yaml.

    Attributes:
        coupling: factor on every arrow from the body and the face to the voice: 1 as strong as the studies say.
        paired: False: the voice belongs to somebody else, drawn independently (negative control).
        language_follows_ancestry: share of people whose first language comes from the table of their ancestry morph;
            the rest draw it from the table of all, whoever they are.
        majority_share: share of people whose ancestry morph is mostly the majority's; the others share the rest.
    """

    coupling: float
    paired: bool
    language_follows_ancestry: float
    majority_share: float


class Worlds(config.Block):
    """The `worlds` block of params.yaml."""

    literature: World
    planted: World
    independent: World
    skewed: World

    def named(self, name: WorldName) -> World:
        """The world of that name."""
        return getattr(self, name)
