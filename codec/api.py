"""What the Python API does with jobs: `encode`, `decode`, `train`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from ncodec.errors import UsageError
from ncodec.formats import VideoInfo, same_file
from ncodec.formats.limits import raised
from ncodec.formats.output import destination
from ncodec.jobs import EncodeRequest, Event, Finished
from ncodec.jobs.choice import choose_codec
from ncodec.jobs.stills import encode_images
from ncodec.media import Frame, Image
from ncodec.media.held import HeldPictures, held
from ncodec.plugin import Region, StillCodec
from ncodec.registry import ALBUM, load_codec, load_trainer, resolve_options

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["decode", "encode", "train"]


def encode(
    source: str
    | Path
    | bytes
    | BinaryIO
    | ArrayLike
    | Image
    | Iterable[Frame | Image | ArrayLike]
    | None = None,
    output: str | Path | BinaryIO | None = None,
    *,
    codec: str | None = None,
    fps: float | None = None,
    keep: Literal["file", "pixels"] | None = None,
    film: bool = False,
    info: VideoInfo | None = None,
    limit_pixels: int | None = None,
    watch: Callable[[Event], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Finished:
    """Encodes a clip, an image or a collection of images into a .nc file.

    Pictures in memory are uint8 or uint16, grey or RGB, channels last; arrays that are no clips may
    have other numbers, too. ``[H, W]`` and
    ``[H, W, C]``, C from 1 to 4, are one image. ``[N, H, W]``, ``[N, H, W, C]`` and iterables of
    pictures are a clip if `fps` is given or the codec codes clips, a collection if the codec codes
    collections, and refused if neither is said. Frames of RGB are coded as RGB; `info` converts
    them first, to 4:2:0 for example. What has no path is copied once, into the folder of `plan`.

    Args:
        source: a film, a y4m file; an image; a folder or a glob of images, or a list of paths; an
            .npy or an IDX file. Or ``-`` (standard input), bytes or a binary
            stream with a film, y4m or an image; an array or a CPU tensor; an `Image`; an iterable
            of arrays, of `Frame`s, or of `Image`s, an open `Clip` or `Album` included. None with
            `resume`, for what the encode began with.
        output: the file, replaced in one step when it is complete, if it exists; ``-``; a binary
            stream; None for bytes, which are `Finished.data`.
        codec: name of an installed codec; if not given the source decides: ``pc-jpeg`` for a JPEG
            file, ``pc-photo`` for another image, ``album`` for several of any shapes (``pc-hclt``
            where they are of one shape for which it has a model, arrays in files included),
            ``ngrid`` for all else.
        fps: frames a second of pictures in memory, of a folder or pattern of images, of raw video;
            25 where a codec of clips is named.
        keep: ``pixels`` for those of a JPEG file alone; its bytes are kept otherwise.
        film: whether a folder or images are coded as a clip where no codec is named, with loss.
        info: what `Frame`s are, if not a `Clip`'s; or what RGB is to be converted to.
        limit_pixels: pixels that a picture may have, where 2**28 are too few.
        watch: called with every `ncodec.Event`.
        stopping: asked often; once true, work is saved and `Interrupted` raised.
        settings: these, which are the fields of `ncodec.jobs.EncodeRequest`, and the codec's own
            options, such as ``preset="fast"``; see `codecs`.

            target_size: bytes of the finished file: never exceeded, met within 2 %.
            time_budget: seconds of wall time.
            max_segment: frames a segment at most.
            device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
            threads: CPU threads of all workers together at most, 0 for all there are.
            workers: processes that fit segments side by side; with more than one, a script needs
                ``if __name__ == "__main__":`` around its work, because they import it.
            seed: the seed of everything random.
            plan: where unfinished work is kept, ``OUTPUT.plan`` if not given.
            resume: continue that work. What is not given is as it was: the source, of which it has
                a copy if that had no path, codec, options and settings. Codec, options, what is
                read, target_size, max_segment and seed may not change.
            stream: index of the video stream, among all streams as ffprobe counts them.
            start: seconds on the source's clock: frames shown before are left out.
            end: the same: frames shown from then on are left out.
            size: width and height of raw video.
            pixel_format: FFmpeg's name of raw video's pixel format, such as ``yuv420p``.
            strict: refuse a source that is damaged or has something missing, instead of concealing
                and saying it.
            alpha: False drops the alpha of a film, which is refused otherwise.
            audio, subtitles, chapters, attachments, tags: False leaves these out, which are copied
                bit by bit otherwise.

    Still images are coded in one go: of these settings they take device, threads and seed, and
    target_size where their codec is lossy and says so. An album takes workers, plan and resume,
    too.

    Returns:
        Size, frames, segments, PSNR of the decoded frames, seconds, and the bytes if there is no
        other output.

    Raises:
        NcodecError: one of its kinds (`ncodec.errors`).

    >>> import numpy as np
    >>> image = np.arange(32 * 32, dtype="uint8").reshape(32, 32)
    >>> done = ncodec.encode(image)
    >>> with ncodec.open(done.data) as album:
    ...     print(album[0].pixels.shape, (album[0].pixels[..., 0] == image).all())
    (32, 32, 1) True
    """
    with raised(frame_pixels=limit_pixels):
        picked = None if source is None else held(source, fps=fps, info=info)
        if fps is not None and not isinstance(picked, HeldPictures):
            settings["fps"] = fps
        memory = BytesIO() if output is None else None
        target = destination(output if memory is None else memory)
        if settings.get("resume"):
            from ncodec.jobs.resuming import continued, unfinished

            plan = unfinished(target, settings.get("plan"))
            request = continued(plan, picked, target, codec, {**settings, "keep": keep})
        elif picked is None:
            raise UsageError("there is no source: give one, or resume=True to go on with an encode")
        else:
            name = choose_codec(
                picked,
                codec=codec,
                timed=fps is not None,
                film=film,
                keep=keep,
                model=settings.get("model"),
            )
            if name == ALBUM and keep is not None:
                settings["keep"] = keep
            request = EncodeRequest.of(picked, target, name, settings)
        if request.codec == ALBUM:
            from ncodec.jobs.album import encode_album

            request.check_album()
            finished = encode_album(request, watch, stopping)
        elif isinstance(load_codec(request.codec), StillCodec):
            request.check_still()
            finished = encode_images(
                request.source,
                request.output,
                codec=request.codec,
                options=request.options,
                device=request.device,
                threads=request.threads,
                seed=request.seed,
                target_size=request.target_size,
                watch=watch,
                stopping=stopping,
            )
        else:
            from ncodec.jobs import run_encode  # FFmpeg, which images do without

            finished = run_encode(request, watch, stopping)
        return finished if memory is None else replace(finished, data=memory.getvalue())


def decode(
    source: str | Path | bytes | BinaryIO,
    output: str | Path | BinaryIO,
    *,
    format: str | None = None,
    frames: slice | None = None,
    at: float | None = None,
    region: Region | None = None,
    preview: int = 1,
    only: Literal["audio"] | None = None,
    models: Iterable[str | Path] = (),
    device: str = "auto",
    threads: int = 0,
    limit_pixels: int | None = None,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """Decodes a .nc file.

    Args:
        source: the file, its bytes, a binary stream, or ``-`` for standard input.
        output: a path: by its extension .mp4, .mkv (lossless FFV1), .y4m, .png, or a folder of PNG.
            Images: .png, .tif, .webp, .ppm and their kind, .jpg for the JPEG file that is kept;
            several: a folder, which gets names, times and kept files, .npy or .idx.
            Or ``-`` for standard output, or a stream that is open for writing in binary mode.
            A clip's sound, subtitles, chapters and the rest come back in .mkv; .mp4 holds most.
        format: what ``-`` or a stream gets: ``y4m``, ``mkv`` or, for one frame, ``png``; if not
            given ``y4m`` where it can hold the clip and there is no sound, else ``mkv``. Of images:
            ``png`` (if not given, and no file is kept), ``tif``, ``webp`` and their kind, ``npy``,
            or ``jpg`` for the JPEG file that is kept.
        frames: which frames or images, by index; all if not given.
        at: seconds: the one frame shown then.
        region: x, y, width, height of the part of each image that is wanted.
        only: ``audio`` for the copied sound alone, without decoding a frame, into .mka, .mkv, .m4a,
            .mp4 or what its codec has, such as .mp3; ``-`` gets Matroska.
        preview, models, device, threads, limit_pixels: as in `open`.
        watch: called with frames or images done, and how many there are in all.
        warn: told what a repaired file has lost, and what the output has no place for.

    Returns:
        Frames or images written; with `only`, tracks.

    Raises:
        NcodecError: one of its kinds (`ncodec.errors`).

    >>> _ = ncodec.encode("clip.mkv", "clip.nc", codec="hnerv", preset="ultrafast", epochs=1)
    >>> ncodec.decode("clip.nc", "excerpt.mkv", frames=slice(2, 5))
    3
    """
    from ncodec.files.decoding import write_decoded
    from ncodec.files.opening import open

    with raised(frame_pixels=limit_pixels):
        target = destination(output)
        same_file(source, target)
        with open(source, device=device, threads=threads, models=models, preview=preview) as opened:
            return write_decoded(
                opened,
                target,
                format=format,
                frames=frames,
                at=at,
                region=region,
                only=only,
                watch=watch,
                warn=warn,
            )


def train(
    trainer: str,
    data: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    device: str = "auto",
    threads: int = 0,
    seed: int = 0,
    resume: bool = False,
    report: Callable[..., None] = lambda **_: None,
    stopping: Callable[[], bool] = lambda: False,
    **options: Any,
) -> Mapping[str, Any]:
    """Trains a model and writes it to an .ncm file.

    Args:
        trainer: ``pc`` for collections of images; ``ncodec train --help`` lists them.
        data: what to learn from.
        output: the model file, replaced in one step; OUTPUT.state holds an unfinished training.
        device, threads, seed: as in `encode`.
        resume: continue an interrupted training.
        report: called with ``fraction`` and what else is known, such as ``epoch`` and figures.
        stopping: asked often; once true, the state is saved and `Interrupted` raised.
        options: the trainer's own.

    Returns:
        The model's tags: how it was made and what it reached.

    Raises:
        NcodecError: one of its kinds.
    """
    from ncodec.jobs.training import train_model

    learner = load_trainer(trainer)
    values = {name: value for name, value in options.items() if value is not None}
    sources = [data] if isinstance(data, str | Path) else data
    if not isinstance(sources, Sequence) or not all(isinstance(s, str | Path) for s in sources):
        raise UsageError(f"data is of type {type(data).__name__} but must be a path or several")
    return train_model(
        learner,
        [str(source) for source in sources],
        Path(output),
        resolve_options(learner, values),
        device=device,
        threads=threads,
        seed=seed,
        resume=resume,
        report=report,
        stopping=stopping,
    )
