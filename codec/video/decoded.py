"""A segment's frames, computed one at a time by its network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ncodec.device import resolve_device, threads
from ncodec.formats import VideoInfo
from ncodec.media import from_rgb
from ncodec.plugin import Context, Planes
from ncodec.video.quantize import load_tensors
from ncodec.weights import QuantizedTensor

__all__ = ["DecodedSegment"]


class DecodedSegment(Sequence[Planes]):
    """Frame i of a segment is `decoder` of embedding i, cropped, in the clip's pixel format.

    Args:
        decoder: a network of the right shape, with any weights.
        tensors: its weights, then the embeddings.
        info: the clip.
        context: device and threads.
    """

    def __init__(
        self,
        decoder: nn.Module,
        tensors: Sequence[QuantizedTensor],
        info: VideoInfo,
        context: Context,
    ) -> None:
        device = resolve_device(context.device)
        self._embeddings = load_tensors(decoder, tensors).to(device.place)
        self._decoder = decoder.to(device.place, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._info = info
        self._threads = context.threads

    def __len__(self) -> int:
        return len(self._embeddings)

    def __getitem__(self, index: int) -> Planes:  # type: ignore[override]
        with threads(self._threads), torch.inference_mode():
            picture = self._decoder(self._embeddings[index : index + 1])[0]
            rgb = picture[:, : self._info.height, : self._info.width].permute(1, 2, 0)
            # 16 bits whatever the clip's depth: the colour conversion rounds once, at its end.
            levels = (rgb * 65535).round().to(torch.int32).cpu().numpy().astype(np.uint16)
        return from_rgb(levels, self._info, 0).planes
