"""How to learn a circuit: passes, steps, priors. Without torch: options are listed from here."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Learning", "Priors"]


@dataclass(frozen=True)
class Priors:
    """The pseudocounts of a row.

    Attributes:
        own: those of the node's own marginal, for transitions and mixes.
        displaced: those of the average transition with the same displacement.
        shared: those of the average mix of the channel.
        value: those of each value, all components of its channel together.
    """

    own: float = 0.3
    displaced: float = 3.0
    shared: float = 3.0
    value: float = 1.0


@dataclass(frozen=True)
class Learning:
    """How to learn.

    Attributes:
        latents: states K of every latent, at most 256.
        components: distributions M over a channel's values, of which leaves are mixtures.
        epochs: passes over the images, if held-out images gain for so long.
        batch: images a step.
        rule: ``anemone`` or ``em``: see `ncodec.circuit.updates`.
        first_step, last_step: step sizes, falling geometrically from one to the other.
        shift: share of the images that are seen moved by up to a pixel each way.
        tied: whether all pixels of a channel share one mix a state: for large images.
        patience: epochs without a gain on held-out images before learning ends.
        priors: pseudocounts.
    """

    latents: int = 32
    components: int = 64
    epochs: int = 40
    batch: int = 512
    rule: str = "anemone"
    first_step: float = 0.5
    last_step: float = 0.03
    shift: float = 0.0
    tied: bool = False
    patience: int = 5
    priors: Priors = field(default_factory=Priors)
