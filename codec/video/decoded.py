"""A segment's frames, computed one at a time by its network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ncodec.device import resolve_device, threads
from ncodec.formats import VideoInfo
from ncodec.plugin import Context, Planes
from ncodec.video.distortion import frame_times
from ncodec.video.pictures import Pictures
from ncodec.video.quantize import load_tensors
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
    """

    def __init__(
        self,
        decoder: nn.Module,
        pictures: Pictures,
        tensors: Sequence[QuantizedTensor],
        frames: int,
        info: VideoInfo,
        context: Context,
    ) -> None:
        device = resolve_device(context.device)
        embeddings = load_tensors(decoder, tensors)
        inputs = frame_times(frames) if embeddings is None else embeddings
        self._inputs = inputs.to(device.place)
        self._decoder = decoder.to(device.place, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._pictures = pictures
        self._info = info
        self._threads = context.threads

    def __len__(self) -> int:
        return len(self._inputs)

    def __getitem__(self, index: int) -> Planes:  # type: ignore[override]
        with threads(self._threads), torch.inference_mode():
            picture = self._decoder(self._inputs[index : index + 1])[0]
            rows, columns = self._pictures.size(self._info)
            shown = picture[:, :rows, :columns].permute(1, 2, 0).cpu().numpy()
        return self._pictures.unpack(shown, self._info)
