"""`open`: a .nc file as what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from ncodec.errors import UsageError
from ncodec.files.album import Album
from ncodec.files.clip import Clip
from ncodec.files.features import FeatureFile
from ncodec.files.nested import NestedAlbum
from ncodec.files.records import KEY, Records
from ncodec.files.sheets import SheetAlbum
from ncodec.formats import Reader
from ncodec.formats.limits import raised
from ncodec.plugin import FeatureCodec, ImageCodec
from ncodec.registry import ALBUM, codec_for

__all__ = ["open"]


def open(
    source: str | Path | bytes | BinaryIO | Reader,
    *,
    device: str = "auto",
    threads: int = 0,
    models: Iterable[str | Path] = (),
    preview: int = 1,
    limit_pixels: int | None = None,
) -> Clip | Album | FeatureFile:
    """Opens a .nc file: a `Clip` of frames, an `Album` of images, or a `FeatureFile`.

    Args:
        source: a path, ``-`` for standard input, bytes, a binary stream, or an open `Reader`,
            which is closed with what is returned.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads, 0 for all.
        models: model files to look into before the store.
        preview: 2 or 4 for a clip's frames at a half or a quarter of the size each way.
        limit_pixels: pixels that a picture may have, where 2**28 are too few.

    Raises:
        NcodecError: the file cannot be read, or its codec or its model is not there.

    >>> _ = ncodec.encode("clip.mkv", "clip.nc", codec="hnerv", preset="ultrafast", epochs=1)
    >>> with ncodec.open("clip.nc") as clip:
    ...     print(clip)
    ...     print(clip[6])
    Clip('clip.nc': 10 frames of 32x24 yuv420p, 25 frames/s, hnerv)
    Frame(planes=(24x32, 12x16, 12x16) uint8, pts=6, seconds=0.24)
    """
    with raised(frame_pixels=limit_pixels):
        reader = source if isinstance(source, Reader) else Reader(source)
    try:
        codec = codec_for(reader.header)
        # A clip of one frame is of kind image, too: the codec decides.
        if not isinstance(codec, ImageCodec | FeatureCodec) and codec.codec_id != ALBUM:
            return Clip(reader, device=device, threads=threads, models=models, preview=preview)
        if preview != 1:
            raise UsageError("a preview can be had of clips only: leave it out")
        if codec.codec_id == ALBUM:
            packed = reader.meta.get(KEY)
            is_array = packed is not None and "sheets" in Records.unpack(packed).layout
            opened = SheetAlbum if is_array else NestedAlbum
            return opened(reader, device=device, threads=threads, models=models)
        if isinstance(codec, ImageCodec):
            return Album(reader, device=device, threads=threads, models=models)
        return FeatureFile(reader, device=device, threads=threads, models=models)
    except BaseException:
        reader.close()
        raise
