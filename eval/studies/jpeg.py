"""JPEG files made smaller: pc-jpeg against what else gives the same bytes back.

python -m ncodec.eval.studies.jpeg FOLDER... --every 10

takes every tenth file of each folder, by name, and prints a line a coder and folder: bytes of the
files it makes in all, of the originals' bytes, MB of JPEG a second each way, and how many files
came back byte for byte; then what each part of pc-jpeg's files costs. Lepton (`pip install
lepton-jpeg-python`), and brunsli and JPEG XL (`imagecodecs`) take part where they are installed.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import ncodec
from ncodec.media.images import JPEG_SUFFIXES

__all__ = ["main"]

Way = Callable[[bytes], bytes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    for folder in arguments.folders:
        names = sorted(p for p in folder.iterdir() if p.suffix.lower() in JPEG_SUFFIXES)
        files = [path.read_bytes() for path in names[:: arguments.every]]
        print(f"{folder.name}: {len(files)} files, {sum(map(len, files)):,} bytes")
        for name, encode, decode in _coders(arguments.threads):
            print(_line(name, encode, decode, files), flush=True)
        print(f"  pc-jpeg's bytes: {_parts(files, arguments.threads)}")


def _coders(threads: int) -> Iterator[tuple[str, Way, Way]]:
    def encode(data: bytes) -> bytes:
        return _encoded(data, threads)

    def decode(data: bytes) -> bytes:
        held = BytesIO()
        ncodec.decode(data, held, format="jpg", threads=threads)
        return held.getvalue()

    yield "pc-jpeg", encode, decode
    lepton = _installed("lepton_jpeg_python")
    if lepton:
        yield "lepton", lepton.compress_bytes, lepton.decompress_bytes
    images = _installed("imagecodecs")
    if images and images.BRUNSLI.available:
        yield "brunsli", images.brunsli_encode, images.brunsli_decode
    if images and images.JPEGXL.available:
        yield "jpeg xl", images.jpegxl_encode_jpeg, images.jpegxl_decode_jpeg


def _parts(files: Sequence[bytes], threads: int) -> str:
    """What of the originals' bytes each part of pc-jpeg's files takes."""
    whole, parts = sum(map(len, files)), Counter[str]()
    for data in files:
        parts.update(ncodec.probe(_encoded(data, threads)).breakdown())
    return ", ".join(f"{part} {size / whole:.2%}" for part, size in parts.items())


def _encoded(data: bytes, threads: int) -> bytes:
    done = ncodec.encode(data, codec="pc-jpeg", threads=threads)
    assert done.data is not None, "there is no other output"
    return done.data


def _line(name: str, encode: Way, decode: Way, files: Sequence[bytes]) -> str:
    size, same, back = 0, 0, 0.0
    decode(encode(files[0]))  # compiles
    start = time.perf_counter()
    coded = [encode(data) for data in files]
    there = time.perf_counter() - start
    for data, code in zip(files, coded, strict=True):
        size += len(code)
        start = time.perf_counter()
        same += bytes(decode(code)) == data
        back += time.perf_counter() - start
    whole = sum(map(len, files))
    return (
        f"  {name:<10}{size:>12,}  {size / whole:7.2%}  {whole / 1e6 / there:6.2f} MB/s there  "
        f"{whole / 1e6 / back:6.2f} back  {same} of {len(files)} the same"
    )


def _installed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


if __name__ == "__main__":
    main()
