"""A segment's frames, computed by its network when they are asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ncodec.device import resolve_device, threads
from ncodec.formats import VideoInfo
from ncodec.plugin import Context, Planes, reduced
from ncodec.threads import ThreadChoice
from ncodec.video.inr.distortion import frame_times
from ncodec.video.inr.pictures import Pictures
from ncodec.video.inr.quantize import load_tensors
from ncodec.weights import QuantizedTensor

__all__ = ["DecodedSegment"]


POSITIONS_AT_ONCE = 1 << 22
"""Positions of pictures that are computed together: about a GiB for the widest last stage."""


class DecodedSegment(Sequence[Planes]):
    """Frame i is `decoder` of embedding or time i, cropped, in the clip's pixel format.

    Args:
        decoder: a network of the right shape, with any weights.
        pictures: what it shows.
        tensors: its weights, then the embeddings.
        frames: how many there are.
        info: the clip.
        context: device and threads.
        reduction: how much smaller than the clip's the frames are to be each way; see
            `ncodec.plugin.HasPreviews`.
    """

    def __init__(
        self,
        decoder: nn.Module,
        pictures: Pictures,
        tensors: Sequence[QuantizedTensor],
        frames: int,
        info: VideoInfo,
        context: Context,
        reduction: int = 1,
    ) -> None:
        device = resolve_device(context.device)
        embeddings = load_tensors(decoder, tensors)
        inputs = frame_times(frames) if embeddings is None else embeddings
        self._inputs = inputs.to(device.place)
        self._decoder = decoder.to(device.place, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._pictures = pictures
        self._info = info
        self._reduction = reduction
        self._threads = ThreadChoice(context.threads)

    def __len__(self) -> int:
        return len(self._inputs)

    def __getitem__(self, index: int) -> Planes:  # type: ignore[override]
        return next(self.batch([range(len(self))[index]]))

    def batch(self, indices: Sequence[int]) -> Iterator[Planes]:
        """Several frames, as many together as `frames_at_once`; see `DecodesBatches`."""
        info, network, factor = self._info, self._decoder, 1
        # What is smaller than the network's own pictures may come from less than the network.
        smaller = getattr(network, "preview_factor", 1)
        if self._reduction > 1 and self._reduction % (self._pictures.factor * smaller) == 0:
            network, factor = getattr(network, "preview", network), smaller
        rows, columns = (-(-side // factor) for side in self._pictures.size(info))
        count = frames_at_once(self._inputs.device, rows * columns)
        for start in range(0, len(indices), count):
            inputs = self._inputs[list(indices[start : start + count])]
            begun = time.monotonic()
            with threads(self._threads.count), torch.inference_mode():
                shown = network(inputs)[..., :rows, :columns].permute(0, 2, 3, 1).cpu().numpy()
            self._threads.took(time.monotonic() - begun)
            for picture in shown:
                yield self._planes(picture, factor)

    def _planes(self, picture: NDArray[np.float32], factor: int) -> Planes:
        if self._reduction == 1:
            return self._pictures.unpack(picture, self._info)
        less = reduced(self._info, self._reduction)
        position = self._pictures.factor * factor
        return self._pictures.preview(picture, less, self._reduction, position)


def frames_at_once(device: torch.device, positions: int) -> int:
    """How many pictures of so many positions go through a network together.

    One on a CPU, whose convolutions round the last bit by the size of the batch: there a frame is
    the same however it was asked for.
    """
    return 1 if device.type == "cpu" else max(1, POSITIONS_AT_ONCE // positions)
