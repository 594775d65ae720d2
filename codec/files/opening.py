"""`open`: a .nc file as what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import UsageError
from ncodec.files.album import Album
from ncodec.files.clip import Clip
from ncodec.formats import Reader
from ncodec.plugin import ImageCodec
from ncodec.registry import load_codec

__all__ = ["open"]


def open(
    source: str | Path | bytes | BinaryIO | Reader,
    *,
    device: str = "auto",
    threads: int = 0,
    models: Iterable[str | Path] = (),
    preview: int = 1,
) -> Clip | Album:
    """Opens a .nc file: a `Clip` of frames or an `Album` of images, both sequences.

    Args:
        source: a path, bytes, a binary stream, or an open `Reader`, which is closed with it.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads, 0 for all.
        models: model files to look into before the store.
        preview: 2 or 4 for a clip's frames at a half or a quarter of the size each way.

    Raises:
        NcodecError: the file cannot be read, or its codec or its model is not there.
    """
    reader = source if isinstance(source, Reader) else Reader(source)
    if reader.header.media_kind == "features":
        reader.close()
        raise UsageError(
            f"{reader.name} holds features, not pictures: decode it with --head, or open it with "
            "ncodec.files.FeatureFile"
        )
    if reader.header.media_kind != "image" or not _codes_images(reader):
        return Clip(reader, device=device, threads=threads, models=models, preview=preview)
    if preview != 1:
        reader.close()
        raise UsageError("a preview can be had of clips only: leave it out")
    return Album(reader, device=device, threads=threads, models=models)


def _codes_images(reader: Reader) -> bool:
    """Whether the file's codec is an image codec; a clip of one frame is of kind image, too."""
    try:
        return isinstance(load_codec(reader.header.codec_id), ImageCodec)
    except BaseException:
        reader.close()
        raise
