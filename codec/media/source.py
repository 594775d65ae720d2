"""Sources of frames: films, y4m files and pipes, images and folders of images."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal

import av

from ncodec.errors import InputError
from ncodec.formats.hdr import Hdr
from ncodec.formats.info import VideoInfo
from ncodec.media import film, spool, y4m
from ncodec.media.frame import Frame, fingerprint, from_av
from ncodec.media.names import natural_order
from ncodec.media.reading import READING, Reading

__all__ = ["Landmarks", "VideoSource", "open_source"]

IMAGE_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("avif", "bmp", "dpx", "exr", "heic", "jpeg", "jpg", "jxl", "pbm", "pgm", "png", "pnm"),
        *("ppm", "tif", "tiff", "webp"),
    )
)
_IMAGE_TIME_BASE = Fraction(1, 25)
"""The time base of images in a folder, which play at 25 frames a second."""


_DEEPEST_REORDERING = 16
"""The frames by which coding order may differ from display order (H.264 and HEVC)."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What a scan remembers of every frame, to seek and to know that it landed right.

    Attributes:
        ticks: the presentation times as the container has them.
        fingerprints: `ncodec.media.frame.fingerprint` of each frame.
    """

    ticks: Sequence[int]
    fingerprints: Sequence[int]


_NO_LANDMARKS = Landmarks((), ())


class VideoSource(ABC):
    """Frames in display order, with what describes them. A context manager.

    Attributes:
        path: the file or folder; None for a pipe.
        name: what messages call it.
        kind: "image" for one still picture, else "video".
        info: the clip. `frames` is 0 and the times are the container's until `ncodec.media.scan`
            has seen every frame and called `settle`.
        as_opened: `info` before that.
        hdr: the mastering display and light level, or None.
        origin: seconds on the container's clock that are time 0 of the clip: the earliest start of
            any stream, or where the part that is read starts; final after a scan.
        notices: what is concealed, missing or left out, a sentence each; complete after a scan.
    """

    def __init__(self, path: Path | None, kind: Literal["video", "image"], info: VideoInfo) -> None:
        self.path = path
        self.name = str(path) if path else "standard input"
        self.kind = kind
        self.info = self.as_opened = info
        self.hdr: Hdr | None = None
        self.origin = Fraction(0)
        self.notices: list[str] = []
        self._times: Sequence[int] | None = None
        self._landmarks = _NO_LANDMARKS

    def __enter__(self) -> VideoSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Each pass over the frames opens and closes its own files: nothing is left to do."""
        return None

    def frames(self, first: int = 0, count: int | None = None) -> Iterator[Frame]:
        """The frames `first`, `first + 1`, ...: `count` of them, or all that are left.

        Frame i is the same picture whatever `first` is. A film that was scanned is entered at a
        keyframe; each frame is compared with what the scan saw, and where one differs, because
        its keyframe does not start afresh, decoding goes on from the start of the film instead.
        Films that were not scanned decode from their start.

        Raises:
            InputError: the source cannot be decoded, or has fewer frames than it declares.
        """
        stop = None if count is None else first + count
        window = islice(self._decoded(first), stop if stop is None else stop - first)
        for index, frame in enumerate(window, first):
            if self._times is not None:
                yield replace(frame, pts=self._times[index])
            else:
                yield replace(frame, pts=index) if self.info.frames else frame

    def settle(
        self,
        info: VideoInfo,
        times: Sequence[int] | None,
        landmarks: Landmarks = _NO_LANDMARKS,
    ) -> None:
        """Adopts what a scan found, of this source or of another one of the same path.

        From now on frames have these times (None: frame i at tick i).
        """
        self.info = info
        self._times = times
        self._landmarks = landmarks

    def rates(self) -> Sequence[Fraction]:
        """The frames a second that the container states, likeliest first."""
        return (1 / self.info.time_base,)

    @abstractmethod
    def _decoded(self, first: int) -> Iterator[Frame]:
        """The frames from `first` on, with the container's times."""


class FilmSource(VideoSource):
    """A file that PyAV decodes."""

    def __init__(self, path: Path) -> None:
        with film.opened(path) as container:
            stream = film.video_stream(container, str(path))
            with closing(film.pictures(container, stream, str(path))) as pictures:
                info = film.described(next(pictures), stream)
            self._rates = film.rates(stream)
        super().__init__(path, "video", info)

    def rates(self) -> Sequence[Fraction]:
        return self._rates

    def _decoded(self, first: int) -> Iterator[Frame]:
        seen = self._landmarks.fingerprints
        if _DEEPEST_REORDERING < first < len(seen):
            with closing(self._sought(first)) as frames:
                for frame in frames:
                    if fingerprint(frame) != seen[first]:
                        break
                    yield frame
                    first += 1
            if first == len(seen):
                return
        yield from self._decoded_from_start(first)

    def _decoded_from_start(self, first: int) -> Iterator[Frame]:
        assert self.path is not None
        with film.opened(self.path) as container:
            stream = film.video_stream(container, self.name)
            with closing(film.pictures(container, stream, self.name)) as pictures:
                for index, picture in enumerate(pictures):
                    film.check_same(picture, self.as_opened, f"frame {index} of {self.name}")
                    if index >= first:
                        pts = index if picture.pts is None else picture.pts
                        yield from_av(picture, self.as_opened.pixel_format, pts)

    def _sought(self, first: int) -> Generator[Frame, None, None]:
        """The frames from `first` on, by a keyframe before it; ends where seeking did not work."""
        assert self.path is not None
        ticks = self._landmarks.ticks
        with film.opened(self.path) as container, suppress(InputError, av.FFmpegError):
            stream = film.video_stream(container, self.name)
            container.seek(ticks[first - _DEEPEST_REORDERING], stream=stream)
            with closing(film.pictures(container, stream, self.name, whole=False)) as pictures:
                for picture in pictures:
                    if picture.pts is None or picture.pts > ticks[first]:
                        return
                    if picture.pts == ticks[first]:
                        film.check_same(picture, self.as_opened, self.name)
                        yield from_av(picture, self.as_opened.pixel_format, picture.pts)
                        first += 1
                        if first == len(ticks):
                            return


class ImageSource(VideoSource):
    """One image, or the images of a folder in the natural order of their names."""

    def __init__(self, path: Path, images: Sequence[Path]) -> None:
        self._images = images
        _, info = _picture(images[0])
        info = replace(info, frames=len(images), time_base=_IMAGE_TIME_BASE)
        super().__init__(path, "image" if len(images) == 1 else "video", info)

    def _decoded(self, first: int) -> Iterator[Frame]:
        for index, image in enumerate(self._images[first:], first):
            picture, _ = _picture(image)
            film.check_same(picture, self.info, str(image))
            yield from_av(picture, self.info.pixel_format, index)


class Y4mSource(VideoSource):
    """A y4m file, or a y4m pipe, which can be read once."""

    def __init__(self, path: Path | None, pipe: BinaryIO | None = None) -> None:
        self._pipe = pipe
        if pipe is not None:
            info = y4m.read_header(pipe, "standard input")
        else:
            assert path is not None
            with path.open("rb") as stream:
                info = y4m.read_header(stream, str(path))
        super().__init__(path, "video", info)

    def _decoded(self, first: int) -> Iterator[Frame]:
        if self.path is not None:
            with self.path.open("rb") as stream:
                y4m.read_header(stream, self.name)
                yield from islice(y4m.read_frames(stream, self.info, self.name), first, None)
            return
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            raise InputError("standard input was read already: give a file to read it twice")
        yield from islice(y4m.read_frames(pipe, self.info, self.name), first, None)


class SpoolSource(VideoSource):
    """Frames that were kept in a file of ncodec's own."""

    def __init__(self, path: Path) -> None:
        kind, info, _ = spool.read_head(path)
        super().__init__(path, kind, info)

    def _decoded(self, first: int) -> Iterator[Frame]:
        assert self.path is not None
        yield from spool.read_spool(self.path, first)


def open_source(
    spec: str | Path, reading: Reading = READING, *, stdin: BinaryIO | None = None
) -> VideoSource:
    """Opens a clip or an image.

    Args:
        spec: a file, a folder of images, or "-" for y4m on standard input.
        reading: what of it is read, and how.
        stdin: the stream that "-" stands for, `sys.stdin.buffer` if not given.

    Raises:
        InputError: there is nothing there, or nothing that can be decoded.
    """
    if str(spec) == "-":
        return Y4mSource(None, stdin or sys.stdin.buffer)
    path = Path(spec)
    try:
        if path.is_dir():
            return ImageSource(path, _images_in(path))
        with path.open("rb") as stream:
            start = stream.read(max(len(y4m.SIGNATURE), len(spool.SIGNATURE)))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path and its permissions"
        ) from None
    if not start:
        raise InputError(f"{path} is empty: give a file with at least one frame")
    if start == y4m.SIGNATURE:
        return Y4mSource(path)
    if start == spool.SIGNATURE:
        return SpoolSource(path)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageSource(path, (path,))
    return FilmSource(path)


def _images_in(folder: Path) -> tuple[Path, ...]:
    images = [image for image in folder.iterdir() if image.suffix.lower() in IMAGE_SUFFIXES]
    if not images:
        raise InputError(
            f"{folder} has no images: give a folder of {', '.join(sorted(IMAGE_SUFFIXES))} files"
        )
    return tuple(sorted(images, key=lambda path: natural_order(path.name)))


def _picture(path: Path) -> tuple[av.VideoFrame, VideoInfo]:
    """The first picture of an image file, and what it is.

    From memory, because FFmpeg takes a % in the name of an image file for a pattern.
    """
    try:
        data = BytesIO(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check it") from None
    with film.opened(path, data) as container:
        stream = film.video_stream(container, str(path))
        with closing(film.pictures(container, stream, str(path))) as pictures:
            picture = next(pictures)
        return picture, film.described(picture, stream)
