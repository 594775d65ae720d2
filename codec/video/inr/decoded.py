"""A segment's frames, computed one at a time by its network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ncodec.device import resolve_device, threads
from ncodec.formats import VideoInfo
from ncodec.plugin import Context, Planes, reduced
from ncodec.video.inr.distortion import frame_times
from ncodec.video.inr.pictures import Pictures
from ncodec.video.inr.quantize import load_tensors
from ncodec.weights import QuantizedTensor

__all__ = ["DecodedSegment"]


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
        self._threads = context.threads

    def __len__(self) -> int:
        return len(self._inputs)

    def __getitem__(self, index: int) -> Planes:  # type: ignore[override]
        if self._reduction > 1:
            return self._preview(index)
        picture = self._picture(self._decoder, index, self._pictures.size(self._info))
        return self._pictures.unpack(picture, self._info)

    def _preview(self, index: int) -> Planes:
        info, network, factor = self._info, self._decoder, 1
        # What is smaller than the network's own pictures may come from less than the network.
        smaller = getattr(network, "preview_factor", 1)
        if self._reduction % (self._pictures.factor * smaller) == 0:
            network, factor = getattr(network, "preview", network), smaller
        rows, columns = (-(-side // factor) for side in self._pictures.size(info))
        picture = self._picture(network, index, (rows, columns))
        position = self._pictures.factor * factor
        less = reduced(info, self._reduction)
        return self._pictures.preview(picture, less, self._reduction, position)

    def _picture(
        self, network: Callable[[Tensor], Tensor], index: int, size: tuple[int, int]
    ) -> NDArray[np.float32]:
        rows, columns = size
        with threads(self._threads), torch.inference_mode():
            picture = network(self._inputs[index : index + 1])[0]
            shown: NDArray[np.float32] = picture[:, :rows, :columns].permute(1, 2, 0).cpu().numpy()
        return shown
