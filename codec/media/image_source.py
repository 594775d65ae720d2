"""Images as the frames of a clip: one, a folder of them, or those that a pattern names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av

from ncodec.errors import InputError
from ncodec.formats.info import VideoInfo
from ncodec.media import film
from ncodec.media.alpha import check_opaque
from ncodec.media.declared import cut_short
from ncodec.media.described import check_same, described
from ncodec.media.frame import Frame, from_av
from ncodec.media.patterns import missing
from ncodec.media.reading import READING, Reading
from ncodec.media.source import VideoSource

__all__ = ["ImageSource", "is_animation"]

_RATE = 25
"""The frames a second of images where nobody says how many."""


class ImageSource(VideoSource):
    """One image, or several in the natural order of their names.

    Raises:
        InputError: an image cannot be decoded or moves, or `reading` refuses what is missing.
    """

    def __init__(self, path: Path, images: Sequence[Path], reading: Reading = READING) -> None:
        self._images = images
        self._missing = missing(images)
        if self._missing and reading.strict:
            raise InputError(f"{path} {self._missing}: add them, or leave --strict out")
        self._damaged: dict[str, None] = {}
        _, info, _ = _picture(images[0])
        info = replace(info, frames=len(images), time_base=1 / (reading.fps or Fraction(_RATE)))
        super().__init__(path, "image" if len(images) == 1 else "video", info, reading)

    @property
    def notices(self) -> list[str]:
        said = [f"{self.name} {self._missing}"] if self._missing else []
        if self._damaged:
            first, *more = self._damaged
            others = f", and {len(more)} images more" if more else ""
            said.append(f"{first} is cut short or damaged{others}: what can be decoded is taken")
        return said

    def _all(self, first: int) -> Iterator[Frame]:
        for index, image in enumerate(self._images[first:], first):
            picture, _, damaged = _picture(image)
            if damaged and self.reading.strict:
                raise InputError(
                    f"{image} is cut short or damaged: make it again, or leave --strict out"
                )
            if damaged:
                self._damaged[str(image)] = None
            check_same(picture, self.info, str(image))
            if self.reading.alpha:
                check_opaque(picture, str(image))
            yield from_av(picture, self.info.pixel_format, index)


def is_animation(path: Path) -> bool:
    """Whether an image file holds several pictures in time, which are a film.

    Raises:
        InputError: it does, and FFmpeg has no decoder for it; or it cannot be decoded.
    """
    with path.open("rb") as stream:
        start = stream.read(21)
    # VP8X, the extended format, with its flag of an animation.
    if start[8:16] == b"WEBPVP8X" and start[20] & 2:
        raise InputError(
            f"{path} is an animated WebP, which FFmpeg does not decode: take it apart with `magick"
            " INPUT.webp -coalesce f_%04d.png` and give f_%04d.png, with its --fps"
        )
    if start[4:12] == b"ftypavis":
        return True
    if start[:4] != b"\x89PNG":
        return False
    with film.opened(path, data=_content(path)) as container:
        return container.format.name == "apng"


def _content(path: Path) -> BytesIO:
    """The file in memory, because FFmpeg takes a % in the name of an image for a pattern."""
    try:
        return BytesIO(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check it") from None


def _picture(path: Path) -> tuple[av.VideoFrame, VideoInfo, bool]:
    """The one picture of an image file, what it is, and whether it is damaged."""
    content = _content(path)
    with film.opened(path, data=content) as container:
        stream = film.video_stream(container, str(path))
        damage = film.Damage()
        with closing(
            film.pictures(container, stream, str(path), damage, threads=False)
        ) as pictures:
            picture = next(pictures)
        if container.format.name == "apng":
            raise InputError(f"{path} is an animated PNG: give it alone, or leave it out")
        damaged = bool(damage.packets or damage.concealed or cut_short(path))
        damaged |= _ends_within_jpeg(content.getvalue())
        return picture, described(picture, stream, Fraction(1, _RATE)), damaged


def _ends_within_jpeg(data: bytes) -> bool:
    """Whether a JPEG's last scan has no end, which FFmpeg does not say: it leaves the rest grey."""
    return data[:3] == b"\xff\xd8\xff" and data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda")
