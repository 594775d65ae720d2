"""What a fit takes over from a finished segment of its scene: the network without its grids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
import torch
from torch import nn

from ncodec.errors import NcodecError
from ncodec.formats import Segment
from ncodec.plugin import Window
from ncodec.video.shape import GRIDS, Shape

if TYPE_CHECKING:
    from ncodec.video.codec import InrCodec

__all__ = ["Inherited", "inherited"]

S = TypeVar("S", bound=Shape)


@dataclass(frozen=True)
class Inherited(Generic[S]):
    """A network to start from.

    Attributes:
        shape: of the same network for the frames of another window.
        weights: its decoded tensors by name, without grids.
    """

    shape: S
    weights: Mapping[str, np.ndarray]

    @torch.no_grad()
    def give(self, decoder: nn.Module) -> None:
        """Puts the weights into `decoder`; tensors of another shape stay as they are."""
        for name, parameter in decoder.named_parameters():
            weight = self.weights.get(name)
            if weight is not None and weight.shape == parameter.shape:
                parameter.copy_(torch.from_numpy(weight))


def inherited(codec: InrCodec[S], segment: Segment | None, window: Window) -> Inherited[S] | None:
    """The network of `segment` for `window`; None if there is none, or none that can be read."""
    if segment is None:
        return None
    try:
        found, tensors = codec.stored(segment, window.info)
        shape = codec.unpack(found.pack(), window.info, window.frame_count)
    except NcodecError:
        return None
    weights = {
        name: tensor.dequantize()
        for name, tensor in zip(found.tensors, tensors, strict=False)
        if not name.startswith(GRIDS)
    }
    return Inherited(shape, weights)
