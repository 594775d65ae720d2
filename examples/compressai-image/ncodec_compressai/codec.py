"""CompressAI's factorized prior (Ballé et al., arXiv 1802.01436) as a codec of ncodec.

One model serves every quality: latents are divided by a step and rounded, and each step has a
prior of its own. What the priors learn is made into integer tables once, when a model is trained.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ncodec.errors import DamagedFile, UsageError, VerificationFailed
from ncodec.formats import Conf, Model, Segment, VideoInfo, integer_hash, read_model
from ncodec.formats.entropy.coder import Decoder, Encoder, Table
from ncodec.formats.entropy.integers import decode_integers, encode_integers
from ncodec.media import Image
from ncodec.plugin import Coded, Context, ImageCodec, Option, Region, Stored

FAMILY, VERSION = "compressai-factorized", 1
STEPS = (0.4, 0.28, 0.2, 0.14, 0.1, 0.07)
"""What latents are divided by, from quality 1 on."""
CHANNELS, LATENTS, STRIDE = 24, 32, 16


def network() -> Any:
    """The model, with a prior for every step instead of one."""
    from compressai.entropy_models import EntropyBottleneck
    from compressai.models import FactorizedPrior
    from torch.nn import ModuleList

    model = FactorizedPrior(CHANNELS, LATENTS)
    del model.entropy_bottleneck
    model.priors = ModuleList(EntropyBottleneck(LATENTS) for _ in STEPS)
    return model


class Loaded:
    """A model file as it is used: two networks, and integer tables for each quality."""

    def __init__(self, model: Model) -> None:
        import torch

        arrays = np.load(io.BytesIO(model.expect(FAMILY, VERSION)), allow_pickle=False)
        self.medians, self.offsets = arrays["medians"], arrays["offsets"]
        self._tables, self._lengths = arrays["tables"], arrays["lengths"]
        self._torch, self._network = torch, network().eval()
        state = {name: torch.from_numpy(arrays[name]) for name in arrays if "." in name}
        self._network.load_state_dict(state, strict=False)

    def latents(self, pixels: np.ndarray, quality: int) -> np.ndarray:
        """RGB, uint8 [height, width, 3], to integers, int32 [latents, rows, columns]."""
        height, width, _ = pixels.shape
        pad = ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0))
        padded = np.pad(pixels, pad, mode="edge").transpose(2, 0, 1)[None]
        with self._torch.inference_mode():
            y = self._network.g_a(self._torch.from_numpy(padded / np.float32(255)))[0].numpy()
        medians = self.medians[quality - 1][:, None, None]
        return np.rint(y / STEPS[quality - 1] - medians).astype(np.int32)

    def pixels(self, values: np.ndarray, quality: int, height: int, width: int) -> np.ndarray:
        """What `latents` was given, as far as it comes back."""
        medians = self.medians[quality - 1][:, None, None]
        y = (values.astype(np.float32) + medians) * np.float32(STEPS[quality - 1])
        with self._torch.inference_mode():
            rgb = (
                self._network.g_s(self._torch.from_numpy(y)[None])[0]
                .numpy()
                .transpose(1, 2, 0)[:height, :width]
            )
        return np.rint(rgb.clip(0, 1) * 255).astype(np.uint8)

    def tables(self, quality: int) -> Iterator[tuple[Table, int]]:
        """A table of each channel, whose last symbol is an escape, and its first symbol's value."""
        rows = zip(self._tables[quality - 1], self._lengths[quality - 1], strict=True)
        for (row, length), offset in zip(rows, self.offsets[quality - 1], strict=True):
            yield Table(row[:length]), int(offset)


def coded(values: np.ndarray, quality: int, loaded: Loaded) -> bytes:
    """Integers as a section: the quality, then a stream of ncodec's range coder."""
    encoder = Encoder()
    for channel, (table, offset) in zip(values, loaded.tables(quality), strict=True):
        moved, escape = channel.reshape(-1).astype(np.int64) - offset, len(table) - 1
        outside = (moved < 0) | (moved >= escape)
        encoder.encode(np.where(outside, escape, moved).astype(np.int32), table)
        beyond = moved[outside]
        encode_integers(encoder, np.where(beyond < 0, -2 * beyond - 1, 2 * beyond))
    return bytes([quality]) + encoder.finish()


def decoded(section: bytes, rows: int, columns: int, loaded: Loaded) -> tuple[np.ndarray, int]:
    """What `coded` was given: integers, and the quality."""
    quality = section[0] if section else 0
    if not 1 <= quality <= len(STEPS):
        raise DamagedFile(f"quality is {quality} but must be 1 to {len(STEPS)}: get another copy")
    decoder, values = Decoder(section[1:]), np.empty((LATENTS, rows, columns), np.int32)
    for channel, (table, offset) in zip(values, loaded.tables(quality), strict=True):
        moved = decoder.decode(rows * columns, table).astype(np.int64)
        escaped = np.flatnonzero(moved == len(table) - 1)
        folded = decode_integers(decoder, len(escaped))
        moved[escaped] = np.where(folded % 2, -(folded + 1) // 2, folded // 2)
        channel[:] = (moved + offset).reshape(rows, columns)
    decoder.finish()
    return values, quality


class Factorized(ImageCodec):
    """Photographs by CompressAI's factorized prior, with a model that you train."""

    codec_id = "compressai-factorized"
    bitstream_version = 1
    media = frozenset({"image"})
    sections = ("latents",)
    lossless = False
    takes_target_size = True
    options = (
        Option("model", Path, None, "A model of `ncodec train compressai-factorized`"),
        Option("quality", int, 4, "1, the fewest bytes, to 6", choices=(1, 2, 3, 4, 5, 6)),
    )

    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        """One RGB image as one segment; a target size lowers the quality as far as it must."""
        if len(images) != 1 or images[0].pixel_format != "rgb24":
            raise UsageError("compressai-factorized takes one image of 8-bit RGB: convert it")
        if options["model"] is None:
            raise UsageError(
                "compressai-factorized needs a model: make one with `ncodec train "
                "compressai-factorized PHOTOS -o tiny.ncm` and give it with --model"
            )
        model, image = read_model(options["model"]), images[0]
        loaded = Loaded(model)
        for quality in range(options["quality"], 0, -1):
            values = loaded.latents(image.pixels, quality)
            section = coded(values, quality, loaded)
            if context.target_size is None or len(section) <= context.target_size:
                break
        info = VideoInfo(image.width, image.height, 1, Fraction(1), "rgb24", full_range=True)
        segment = Segment(0, 0, 1, (section,), integer_hash([values]))
        return Coded(info, iter([segment]), (Conf(model.digest, reference=True),))

    def open_images(self, stored: Stored, context: Context) -> Photo:
        return Photo(stored)

    def rate_points(
        self, images: Sequence[Image], options: Mapping[str, Any], count: int
    ) -> Sequence[Mapping[str, Any]]:
        """Qualities, evenly spread."""
        qualities = np.linspace(1, len(STEPS), min(count, len(STEPS))).round().astype(int)
        return [{"quality": quality} for quality in qualities.tolist()]


class Photo:
    """The one image of a file."""

    def __init__(self, stored: Stored) -> None:
        if not stored.shared:
            raise DamagedFile("the file does not name its model: get another copy of it")
        self._stored, self._loaded = stored, Loaded(Model.unpack(stored.shared[0]))

    def __len__(self) -> int:
        return 1

    def pixels(self, index: int, region: Region | None = None) -> np.ndarray:
        info, segment = self._stored.info, self._stored.segment(0)
        rows, columns = -(-info.height // STRIDE), -(-info.width // STRIDE)
        values, quality = decoded(segment.sections[0], rows, columns, self._loaded)
        if integer_hash([values]) != segment.integer_hash:
            raise VerificationFailed("the latents are not those that were encoded")
        x, y, width, height = region or (0, 0, info.width, info.height)
        whole = self._loaded.pixels(values, quality, info.height, info.width)
        return np.ascontiguousarray(whole[y : y + height, x : x + width])

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[np.ndarray]:
        return (self.pixels(index, region) for index in indices)

    def lost(self, index: int, region: Region | None = None) -> Sequence[Region]:
        return ()
