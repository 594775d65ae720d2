"""From many pictures to one file: each is coded by its own codec into a file inside the file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from blake3 import blake3

from ncodec._version import __version__
from ncodec.errors import InputError
from ncodec.files.records import KEY, Records
from ncodec.formats import (
    Header,
    Reader,
    Segment,
    VideoInfo,
    Writer,
    atomic_output,
    integer_hash,
    read_model,
)
from ncodec.formats.limits import raised, raised_limits
from ncodec.formats.output import is_stream, output_name, same_file
from ncodec.jobs.album_plan import AlbumPlan, Picture
from ncodec.jobs.board import Board
from ncodec.jobs.choice import codec_of_picture, pictures_of
from ncodec.jobs.directory import JOURNAL, plan_directory, resume_command
from ncodec.jobs.events import Event, Finished, Noticed, SegmentDone
from ncodec.jobs.executors import Task, run_inline, run_processes
from ncodec.jobs.output import check_written
from ncodec.jobs.request import EncodeRequest
from ncodec.jobs.sealing import seal
from ncodec.jobs.stills import encode_images
from ncodec.jobs.task import Resources
from ncodec.media.collection import ArrayCollection, Collection
from ncodec.media.held import COPY, HeldFiles, HeldPictures
from ncodec.media.image import PIXEL_FORMATS
from ncodec.media.image_sink import suffix_for, write_image
from ncodec.media.images import read_image
from ncodec.media.kinds import still_kind
from ncodec.media.picture_files import PictureFiles
from ncodec.media.sheets import Sheets, is_array
from ncodec.media.streams import Held, HeldStream
from ncodec.registry import ALBUM, load_codec, resolve_options
from ncodec.threads import thread_count

__all__ = ["encode_album"]

_CHANNELS = {name: channels for (channels, _), name in PIXEL_FORMATS.items()} | {"cmyk": 4}


def encode_album(
    request: EncodeRequest,
    watch: Callable[[Event], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Finished:
    """Encodes pictures of any shapes and kinds into one file; arguments, errors as `run_encode`."""
    start = time.monotonic()
    same_file(request.source, request.output)
    with plan_directory(request.output, request.plan, request.resume) as directory:
        with atomic_output(request.output, journal=directory / JOURNAL) as stream:
            before = AlbumPlan.load(directory) if request.resume else None
            plan = _plan(request, directory, before, watch)
            if before is not None:
                before.check(plan)
            plan.save()
            _run(plan, request, start, watch, stopping)
            size, subpixels = _write(stream, plan)
        check_written(request.output, _segments(plan))
    finished = Finished(
        output=output_name(request.output),
        size=size,
        frames=plan.images,
        segments=len(plan.pictures),
        psnr=None,
        elapsed=time.monotonic() - start,
        subpixels=subpixels,
        original=sum(p.size for p in plan.pictures if not p.page) if plan.source else None,
    )
    watch(finished)
    return finished


def _plan(
    request: EncodeRequest,
    directory: Path,
    before: AlbumPlan | None,
    watch: Callable[[Event], None],
) -> AlbumPlan:
    """What is asked for; `before` is the plan of the encode that goes on."""
    options = resolve_options(load_codec(ALBUM), request.options)
    given = request.source
    if before is not None and isinstance(given, HeldFiles) and not given.paths:
        pictures, source = before.pictures, before.source
        layout, images = before.layout, before.images
    else:
        found = pictures_of(given)
        images, layout = len(found), {"kind": "files"}
        if isinstance(found, ArrayCollection):
            found = Sheets(found)
            layout = found.layout
        pictures, source = _pictures(given, found, directory, watch)
    return AlbumPlan(
        directory=directory,
        source=source,
        pictures=pictures,
        keep=request.keep,
        options=options,
        seed=request.seed,
        settings={name: getattr(request, name) for name in ("device", "threads", "workers")},
        layout=layout,
        images=images,
    )


def _pictures(
    source: str | Held, files: Collection, directory: Path, watch: Callable[[Event], None]
) -> tuple[tuple[Picture, ...], tuple[str, ...]]:
    """The files of the pictures, and the paths that were given for them, if any."""
    if not isinstance(files, PictureFiles):
        copies = []
        for index, image in enumerate(files):
            held, suffix = BytesIO(), suffix_for(image, ".png")
            write_image(held, image, suffix)
            data = held.getvalue()
            path = directory / f"{COPY}.{index:04}-{blake3(data).hexdigest(8)}{suffix}"
            path.write_bytes(data)
            copies.append(Picture(str(path), image.name, path.stat().st_size, None))
        return tuple(copies), ()
    for why, left_out in (("no pictures", files.left_out), ("films", files.moving)):
        if left_out:
            several = f" and {len(left_out) - 1} more" * (len(left_out) > 1)
            watch(Noticed(f"left out, as {why}: {left_out[0]}{several}"))
    paths = [str(path.absolute()) for path in files.paths]
    rows = zip(paths, files.names, files.sizes, files.modified, files.pages, strict=True)
    given = source.paths if isinstance(source, HeldFiles) else (str(source),)
    return tuple(Picture(*row) for row in rows), tuple(map(os.path.abspath, given))


def _run(
    plan: AlbumPlan,
    request: EncodeRequest,
    start: float,
    watch: Callable[[Event], None],
    stopping: Callable[[], bool],
) -> None:
    """Codes the pictures that are not yet finished."""
    done = {i: s for i in range(len(plan.pictures)) if (s := plan.finished(i)) is not None}
    pending = [i for i in range(len(plan.pictures)) if i not in done]
    workers = max(1, min(request.workers, len(pending)))
    all_threads = request.threads or thread_count()
    together = workers if workers > 1 else max(1, min(all_threads, len(pending)))
    known = {index: (len(segment.sections[0]), None) for index, segment in done.items()}
    board = Board([max(picture.size, 1) for picture in plan.pictures], known, start)

    def grant(index: int, alone: bool) -> Resources:
        board.begin(index)
        threads = all_threads if alone else max(1, all_threads // together)
        return Resources(request.device, threads, None)

    def report(index: int, values: Mapping[str, Any]) -> None:
        watch(Noticed(values["notice"]))

    tasks: dict[int, Task] = {
        index: _PictureTask(
            *(index, plan.pictures[index], plan.path(index), plan.keep, plan.options, plan.seed),
            limits=raised_limits(),
        )
        for index in pending
    }
    arguments = (tasks, grant, report, stopping)
    if workers == 1:
        running = run_inline(*arguments, together)
    else:
        running = run_processes(*arguments, workers, {})
    for segment in _going_on(running, request):
        size = len(segment.sections[0])
        board.finished(segment.index, size, None)
        watch(board.progressed(segment.index, {"fraction": 1.0}))
        watch(SegmentDone(segment.index, len(plan.pictures), 1, size, None))


def _going_on(segments: Iterator[Segment], request: EncodeRequest) -> Iterator[Segment]:
    """`segments`; where a picture cannot be read, the error says what becomes of the others."""
    done = False
    try:
        for segment in segments:
            done = True
            yield segment
    except InputError as error:
        if not done or (request.plan is None and is_stream(request.output)):
            raise
        command = resume_command(request.output, request.plan)
        raise InputError(
            f"{error}; the others are kept: take it away and go on with {command}"
        ) from error


@dataclass(frozen=True, slots=True)
class _PictureTask:
    """A picture that is to be coded and kept at `output`; runs in any process."""

    index: int
    picture: Picture
    output: Path
    keep: str
    options: Mapping[str, Any]
    seed: int
    limits: Mapping[str, int]

    def __call__(
        self, resources: Resources, report: Callable[..., None], stopping: Callable[[], bool]
    ) -> Segment:
        with raised(**self.limits):
            return self._coded(resources, report, stopping)

    def _coded(
        self, resources: Resources, report: Callable[..., None], stopping: Callable[[], bool]
    ) -> Segment:
        source: Held
        if self.picture.page is None:
            data = self._data()
            codec = codec_of_picture(still_kind(data[:32]) or "image", self.keep)
            source = HeldStream(BytesIO(data), self.picture.path)
        else:
            page = read_image(self.picture.path, page=self.picture.page)
            codec = codec_of_picture("image", self.keep)
            source = HeldPictures([replace(page, name="")], None, None, single=True)

        def watch(event: Event) -> None:
            if isinstance(event, Noticed):
                report(notice=event.message)

        held = BytesIO()
        encode_images(
            source,
            held,
            codec=codec,
            options=self._options(codec),
            device=resources.device,
            threads=resources.threads,
            seed=self.seed,
            watch=watch,
            stopping=stopping,
        )
        inner = held.getvalue()
        checked = integer_hash([np.frombuffer(inner, dtype=np.uint8)])
        segment = Segment(self.index, self.index, 1, (inner,), checked)
        # A segment that the disk has lost is coded again, see `AlbumPlan.finished`.
        with atomic_output(self.output, shared=False, durable=False) as stream:
            stream.write(seal(segment.pack()))
        return segment

    def _options(self, codec: str) -> dict[str, Any]:
        """Those of the codec; a model is for the one of whose family it is."""
        own = {option.name: option for option in load_codec(codec).options}
        model = self.options["model"]
        if model is not None and read_model(model).family != codec:
            own.pop("model", None)
        return {
            name: value
            for name, value in self.options.items()
            if name in own and value in (own[name].choices or (value,))
        }

    def _data(self) -> bytes:
        try:
            data = Path(self.picture.path).read_bytes()
        except OSError as error:
            raise InputError(
                f"{self.picture.path} cannot be read ({error.strerror}): check it"
            ) from None
        if len(data) != self.picture.size:
            raise InputError(f"{self.picture.path} changed while it was read: encode it again")
        return data


def _write(stream: BinaryIO, plan: AlbumPlan) -> tuple[int, int]:
    """Writes the container; returns its size, and the samples of all pictures."""
    subpixels = 0
    writer: Writer | None = None
    for segment, info in _finished(plan):
        subpixels += info.width * info.height * _CHANNELS.get(info.pixel_format, 1)
        if writer is None:
            # HEAD describes the first picture; each has a description of its own.
            info = replace(info, frames=len(plan.pictures))
            version = load_codec(ALBUM).bitstream_version
            writer = Writer(stream, Header(ALBUM, version, "image", info), short=False)
        writer.segment(segment)
    assert writer is not None, "an album has at least one picture"
    times = [picture.modified for picture in plan.pictures if picture.modified is not None]
    names = [picture.name for picture in plan.pictures]
    if is_array(plan.layout):
        names = []
    pages = [picture.page or 0 for picture in plan.pictures]
    records = Records(plan.images, plan.layout, names, modified=times, pages=pages)
    options = {
        name: value
        for name, value in plan.options.items()
        if value is not None and not isinstance(value, Path)
    }
    tool = f"ncodec {__version__}"
    writer.meta({"tool": tool, "seed": plan.seed, "options": options, KEY: records.pack()})
    return writer.finish(), subpixels


def _finished(plan: AlbumPlan) -> Iterator[tuple[Segment, VideoInfo]]:
    """Every segment, one at a time, with the description of its picture."""
    for segment in _segments(plan):
        with Reader(segment.sections[0]) as reader:
            yield segment, reader.header.info


def _segments(plan: AlbumPlan) -> Iterator[Segment]:
    for index, picture in enumerate(plan.pictures):
        segment = plan.finished(index)
        if segment is None:
            raise InputError(
                f"{plan.path(index)}, what was coded of {picture.path}, is damaged or gone: "
                "encode with --resume"
            )
        yield segment
