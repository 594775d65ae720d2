"""The codec `pc-jpeg`: whole JPEG files, byte for byte, in less than their size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ncodec.errors import DamagedFile, UsageError
from ncodec.formats import Conf, Limits, Model, Segment, VideoInfo, read_model
from ncodec.media.collection import Collection
from ncodec.media.image import Image
from ncodec.media.images import decode_image
from ncodec.plugin import Coded, Context, ImageCodec, KeptFile, Option, Region, Stored

if TYPE_CHECKING:
    from ncodec.dct.frame import Frame

__all__ = ["PcJpeg"]

_FORMATS = {1: "gray", 3: "rgb24", 4: "cmyk"}
"""What HEAD calls the pixels of so many components."""

Pixels = NDArray[Any]


class PcJpeg(ImageCodec):
    """JPEG files byte for byte, by adaptive contexts over their coefficients."""

    codec_id = "pc-jpeg"
    bitstream_version = 1
    media = frozenset({"image"})
    keeps_files = True
    sections = ("headers", "luma", "blue", "red", "black", "stored")
    options = (
        Option(
            "effort",
            str,
            "medium",
            "how hard to try, in time either way",
            choices=("medium", "best"),
        ),
        Option(
            "model", Path, None, "a model of `ncodec train pc-jpeg`, which decoding needs as well"
        ),
    )

    def encode_images(
        self, images: Sequence[Image], options: Mapping[str, Any], context: Context
    ) -> Coded:
        """Codes the file of the one image; its segments have been decoded again when it returns.

        Raises:
            UsageError: there are more images than one, or they come from no JPEG file.
        """
        if len(images) != 1 or not isinstance(images, Collection):
            raise UsageError(
                f"pc-jpeg takes one JPEG file, not {len(images)} images: encode files one by one"
            )
        data = images.file(0)
        if data[:2] != b"\xff\xd8":
            raise UsageError(
                f"{images.source} is no JPEG file, and pc-jpeg takes no other: leave --codec out"
            )
        # The kernels are compiled when they are imported; listing options must not wait for that.
        from ncodec.jpeg.files import encode_file, frame_in

        model = read_model(options["model"]) if options["model"] else None
        segments = encode_file(data, context.threads, model, options["effort"] == "best")
        reads = model if not _is_stored(segments) else None
        confs = (Conf(reads.digest, reference=True),) if reads else ()
        notices = (_said(data, images.source),) if _is_stored(segments) else ()
        info = _info(frame_in(data), len(segments))
        return Coded(info, iter(segments), confs, notices)

    def describe_file(self, segments: Sequence[Segment]) -> KeptFile:
        from ncodec.jpeg.describing import describe

        return describe(segments)

    def open_images(self, stored: Stored, context: Context) -> _File:
        return _File(stored, context)


class _File:
    """The one file in a .nc file."""

    def __init__(self, stored: Stored, context: Context) -> None:
        self._stored = stored
        self._threads = context.threads

    def __len__(self) -> int:
        return 1

    def file(self, index: int) -> bytes:
        from ncodec.jpeg.files import decode_file

        if self._is_cut():
            raise DamagedFile("a part of the JPEG file is lost: get another copy of the file")
        segments = (self._stored.segment(index) for index, _, _ in self._stored.present)
        shared = self._stored.shared
        model = Model.unpack(shared[0]) if shared else None
        return decode_file(segments, self._threads, model)

    def pixels(self, index: int, region: Region | None = None) -> Pixels:
        image = decode_image(self.file(index), "the JPEG file")
        return image.crop(*region).pixels if region else image.pixels

    def stream(self, indices: Sequence[int], region: Region | None = None) -> Iterator[Pixels]:
        for index in indices:
            yield self.pixels(index, region)

    def lost(self, index: int, region: Region | None = None) -> Sequence[Region]:
        whole = region or (0, 0, self._stored.info.width, self._stored.info.height)
        return [whole] if self._is_cut() else []

    def _is_cut(self) -> bool:
        return len(self._stored.present) != self._stored.info.frames


def _is_stored(segments: Sequence[Segment]) -> bool:
    """Whether these hold a file as general data."""
    return len(segments[0].sections) == len(PcJpeg.sections)


def _said(data: bytes, name: str) -> str:
    """The sentence on a file that is stored as general data."""
    from ncodec.jpeg.describing import why_stored

    return f"{name} is kept whole, but hardly smaller than it is: {why_stored(data)}"


def _fits(frame: Frame) -> bool:
    """Whether readers take HEAD's word for the frame's size."""
    most = Limits()
    sides = frame.width <= most.width and frame.height <= most.height
    return sides and frame.width * frame.height <= most.frame_pixels


def _info(frame: Frame | None, count: int) -> VideoInfo:
    """Pixels decode as the file says; one that does not say, or is too large for HEAD, has one."""
    width, height = (frame.width, frame.height) if frame and _fits(frame) else (1, 1)
    pixels = _FORMATS.get(len(frame.components) if frame else 1, "gray")
    return VideoInfo(width, height, count, Fraction(1), pixels, 8, full_range=True)
