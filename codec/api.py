"""What the Python API does with jobs: `encode`, `decode`, `train`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ncodec.errors import UsageError
from ncodec.files.decoding import write_decoded
from ncodec.files.opening import open
from ncodec.formats import same_file
from ncodec.jobs import EncodeRequest, Event, Finished, run_encode
from ncodec.jobs.stills import encode_images
from ncodec.jobs.training import train_model
from ncodec.media import media_kind
from ncodec.plugin import Region, StillCodec
from ncodec.registry import DEFAULT_CODECS, load_codec, load_trainer, resolve_options

__all__ = ["decode", "encode", "train"]


def encode(
    source: str | Path,
    output: str | Path,
    *,
    codec: str | None = None,
    target_size: int | None = None,
    time_budget: float | None = None,
    max_segment: int = 240,
    device: str = "auto",
    threads: int = 0,
    workers: int = 1,
    seed: int = 0,
    plan: str | Path | None = None,
    resume: bool = False,
    watch: Callable[[Event], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
    **options: Any,
) -> Finished:
    """Encodes a clip, an image or a collection of images into a .nc file.

    Args:
        source: a film, a y4m file, a folder of images, or ``-`` for y4m on standard input; an
            image; for a codec of collections a folder, a glob, an .npy or an IDX file.
        output: the file, replaced in one step when it is complete, or ``-``.
        codec: name of an installed codec; if not given the source decides: ``pc-photo`` for an
            image, ``pc-hclt`` for .npy, IDX and globs, ``ngrid`` for anything else.
        target_size: bytes of the finished file: never exceeded, met within 2 %.
        time_budget: seconds of wall time.
        max_segment: frames a segment at most.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads of all workers together, 0 for all there are.
        workers: processes that fit segments side by side; with more than one, a script needs
            ``if __name__ == "__main__":`` around its work, because they import it.
        seed: of everything random.
        plan: where unfinished work is kept, ``OUTPUT.plan`` if not given.
        resume: continue that work.
        watch: called with every `ncodec.jobs.Event`.
        stopping: asked often; once true, work is saved and `Interrupted` raised.
        options: the codec's own, such as ``preset="fast"``; see `codecs`.

    Still images are coded in one go: of the arguments after `codec` they take device, threads,
    seed, watch and stopping.

    Returns:
        Size, frames, segments, PSNR of the decoded frames, seconds.

    Raises:
        NcodecError: one of its kinds (`ncodec.errors`).
    """
    given = {name: value for name, value in options.items() if value is not None}
    name = codec or DEFAULT_CODECS[media_kind(source)]
    if isinstance(load_codec(name), StillCodec):
        for argument, value, default in (
            ("target_size", target_size, None),
            ("time_budget", time_budget, None),
            ("max_segment", max_segment, 240),
            ("workers", workers, 1),
            ("plan", plan, None),
            ("resume", resume, False),
        ):
            if value != default:
                raise UsageError(
                    f"{argument} does not apply to {name}, which codes still images in one go: "
                    "leave it out"
                )
        return encode_images(
            source,
            output,
            codec=name,
            options=given,
            device=device,
            threads=threads,
            seed=seed,
            watch=watch,
            stopping=stopping,
        )
    request = EncodeRequest(
        source=str(source),
        output=str(output),
        codec=name,
        options=given,
        target_size=target_size,
        time_budget=time_budget,
        max_segment=max_segment,
        device=device,
        threads=threads,
        workers=workers,
        seed=seed,
        plan=str(plan) if plan is not None else None,
        resume=resume,
    )
    return run_encode(request, watch, stopping)


def decode(
    source: str | Path | BinaryIO,
    output: str | Path,
    *,
    frames: slice | None = None,
    at: float | None = None,
    region: Region | None = None,
    preview: int = 1,
    models: Iterable[str | Path] = (),
    device: str = "auto",
    threads: int = 0,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
    warn: Callable[[str], None] = lambda _: None,
) -> int:
    """Decodes a .nc file.

    Args:
        source: the file, a stream, or ``-`` for standard input.
        output: by its extension .mp4, .mkv (lossless FFV1), .y4m, .png; a folder of PNG files;
            or ``-`` for y4m on standard output. Images: .png, .tif, .webp, .ppm and their kind,
            or ``-`` for PNG; collections: a folder, .npy or .idx.
        frames: which frames or images, by index; all if not given.
        at: seconds: the one frame shown then.
        region: x, y, width, height of the part of each image that is wanted.
        preview, models, device, threads: as in `open`.
        watch: called with frames or images done, and how many there are in all.
        warn: told what a repaired file of images has lost.

    Returns:
        Frames or images written.

    Raises:
        NcodecError: one of its kinds (`ncodec.errors`).
    """
    if isinstance(source, str | Path):
        same_file(source, output)
    with open(source, device=device, threads=threads, models=models, preview=preview) as opened:
        return write_decoded(
            opened, output, frames=frames, at=at, region=region, watch=watch, warn=warn
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
    found = load_trainer(trainer)
    given = {name: value for name, value in options.items() if value is not None}
    sources = [data] if isinstance(data, str | Path) else data
    return train_model(
        found,
        [str(source) for source in sources],
        Path(output),
        resolve_options(found, given),
        device=device,
        threads=threads,
        seed=seed,
        resume=resume,
        report=report,
        stopping=stopping,
    )
