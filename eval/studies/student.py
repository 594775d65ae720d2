"""A study of what a student costs and what else its bits are good for.

    python -m ncodec.eval.studies.student IMAGES... [--model FILE] [--bandwidth BITS_A_SECOND]

For every rate: bytes, bits that the tables estimate against those written, milliseconds of the
encoder in PyTorch and in ONNX Runtime on one thread, PSNR of the second tail's pictures where there
is one, and with `--bandwidth` the time from a prepared image to the classes, beside JPEG.

Images called NN-name-KK.png, as `python -m ncodec.eval.data.photographs FOLDER crops --crops`
writes them, are a retrieval, too: how often the nearest other image by the student's embedding is
of the same photograph.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray

from ncodec.errors import NcodecError
from ncodec.eval.bench.lossy import BASELINES
from ncodec.media import open_collection
from ncodec.media.quality import plane_psnr
from ncodec.student import Decoder, Encoder
from ncodec.student.edge import EdgeEncoder
from ncodec.student.model import StudentModel, find
from ncodec.student.onnx import export
from ncodec.student.payload import open_packet
from ncodec.student.tail import find_tail

__all__ = ["main", "milliseconds", "recall"]

_GROUP = re.compile(r"(.+)-\d+\.png")
_QUALITIES = (10, 30, 50, 75)


def milliseconds(work: Callable[[], Any], repeats: int = 20) -> float:
    """The median time of `work`, after one call that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def recall(
    queries: NDArray[np.float32], gallery: NDArray[np.float32], groups: Sequence[str]
) -> float:
    """The recall@1 in %: the nearest of `gallery` by cosine, but for the query itself, is of its
    group.

    Args:
        queries, gallery: float [n, features] of the same n images.
        groups: the group of each image.
    """
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, gallery))
    likeness = a @ b.T
    np.fill_diagonal(likeness, -np.inf)
    nearest = likeness.argmax(axis=1)
    return 100 * float(np.mean([groups[i] == groups[j] for i, j in enumerate(nearest)]))


def _speed(model: StudentModel, pixels: NDArray[np.uint8], rate: int) -> tuple[float, float]:
    """The milliseconds to a packet of a prepared image, in PyTorch and in ONNX Runtime."""
    encoder = Encoder(model, rate=rate, whole=True)
    with tempfile.TemporaryDirectory() as folder:
        export(model, folder)
        edge = EdgeEncoder(folder, rate)
        return milliseconds(lambda: encoder.encode(pixels)), milliseconds(
            lambda: edge.encode(pixels)
        )


def _anchor(pixels: Sequence[NDArray[np.uint8]], decoder: Decoder, bandwidth: float) -> None:
    jpeg = BASELINES["jpeg"]

    def classes(data: bytes) -> Any:
        image = torch.from_numpy(np.array(jpeg.decode(data))).permute(2, 0, 1)[None].float()
        with torch.inference_mode():
            return decoder.teacher.logits(decoder.teacher.features(image))

    for quality in _QUALITIES:
        coded = [jpeg.encode(each, quality) for each in pixels]
        size = sum(map(len, coded)) / len(coded)
        shown = _psnr(pixels, [jpeg.decode(data) for data in coded])
        encode = milliseconds(partial(jpeg.encode, pixels[0], quality))
        decode = milliseconds(partial(classes, coded[0]))
        sent = 8000 * size / bandwidth
        click.echo(
            f"JPEG {quality}: {size:.0f} bytes, {shown:.2f} dB, {encode:.1f} ms + "
            f"{sent:.1f} ms sent + {decode:.1f} ms = {encode + sent + decode:.1f} ms"
        )


@click.command()
@click.argument("images")
@click.option("--model", help="A model file.  [default: the shipped one]")
@click.option("--bandwidth", type=float, help="Bits a second of the channel.")
def main(images: str, model: str | None, bandwidth: float | None) -> None:
    """Measure a student on IMAGES, a folder of photographs or of crops of them."""
    torch.set_num_threads(1)
    student, _ = find(model)
    decoder = Decoder(student)
    collection = open_collection(images)
    groups = [match[1] for name in collection.names if (match := _GROUP.fullmatch(name))]
    prepared = [student.preparation.prepare(image.pixels) for image in collection]
    tailed = _has_tail(student)
    whole = _embeddings(decoder, prepared)
    if len(groups) == len(prepared):
        click.echo(f"retrieval, uncompressed: recall@1 {recall(whole, whole, groups):.1f} %")
    for rate in range(1, len(student.rates) + 1):
        encoder = Encoder(student, rate=rate, whole=True)
        packets = [encoder.encode(pixels) for pixels in prepared]
        latents = [open_packet(packet, student) for packet in packets]
        prior = student.rate(rate).prior
        streams = [8 * len(prior.encode(each.values)) for each in latents]
        estimated = sum(prior.bits(each.values) for each in latents)
        torch_ms, onnx_ms = _speed(student, prepared[0], rate)
        size = sum(map(len, packets)) / len(packets)
        over = size - sum(streams) / 8 / len(packets)
        said = [
            f"rate {rate}: {size:.0f} bytes a packet, {over:.0f} of them container",
            f"payload {100 * (sum(streams) / estimated - 1):+.2f} % of the estimate",
            f"encoder {torch_ms:.1f} ms in PyTorch, {onnx_ms:.1f} ms in ONNX Runtime",
        ]
        if len(groups) == len(prepared):
            coded = np.concatenate([decoder.embedding(packet).numpy() for packet in packets])
            said.append(f"recall@1 {recall(coded, whole, groups):.1f} %")
        if tailed:
            pictures = [decoder.pictures(packet)[0].numpy() for packet in packets]
            said.append(f"pictures {_psnr(prepared, pictures):.2f} dB")
        if bandwidth:
            decode = milliseconds(partial(decoder.logits, packets[0]))
            sent = 8000 * size / bandwidth
            said.append(
                f"{torch_ms:.1f} ms + {sent:.1f} ms sent + {decode:.1f} ms = "
                f"{torch_ms + sent + decode:.1f} ms"
            )
        click.echo("; ".join(said))
    if bandwidth:
        _anchor(prepared, decoder, bandwidth)


def _has_tail(student: StudentModel) -> bool:
    try:
        find_tail(student)
    except NcodecError:
        return False
    return True


def _psnr(images: Sequence[NDArray[np.uint8]], shown: Sequence[NDArray[np.uint8]]) -> float:
    """The PSNR of RGB in dB, mean over images."""
    return float(np.mean([plane_psnr(a, b, 255) for a, b in zip(images, shown, strict=True)]))


def _embeddings(decoder: Decoder, prepared: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """The teacher's embeddings of uncompressed images."""
    teacher = decoder.teacher
    with torch.inference_mode():
        return np.concatenate(
            [
                teacher.embedding(
                    teacher.features(
                        torch.from_numpy(np.array(each)).permute(2, 0, 1)[None].float()
                    )
                ).numpy()
                for each in prepared
            ]
        )


if __name__ == "__main__":
    main()
