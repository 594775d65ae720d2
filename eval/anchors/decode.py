"""A command that decodes every frame of a film and drops it.

python -m ncodec.eval.anchors.decode FILE --threads 1
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import click

from ncodec.errors import InputError
from ncodec.eval.anchors.process import run
from ncodec.media import film

__all__ = ["Decoded", "decode"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The time of a decode: `seconds` from opening the file to the last of its `frames`."""

    frames: int
    seconds: float


def decode(file: Path, threads: int = 1) -> Decoded:
    """Decodes a film with FFmpeg's decoder.

    Raises:
        InputError: the file is missing or damaged.
    """
    if not file.is_file():
        raise InputError(f"{file} is no file: check the path")
    start = time.perf_counter()
    with film.opened(file) as container:
        stream = film.video_stream(container, str(file))
        stream.codec_context.thread_count = threads
        frames = sum(1 for _ in film.pictures(container, stream, str(file)))
    return Decoded(frames, time.perf_counter() - start)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
def main(file: Path, threads: int) -> Decoded:
    """Decode FILE and print how long it took."""
    return decode(file, threads)


if __name__ == "__main__":
    run(main)
