"""ncodec decode --head: features and answers in place of pictures."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from ncodec.cli.words import plain
from ncodec.errors import UsageError
from ncodec.files.features import FeatureFile
from ncodec.formats import atomic_output
from ncodec.media import Image, write_image
from ncodec.media.collection_sink import FolderEntry, write_folder

__all__ = ["CLASSIFY", "write_head"]

CLASSIFY = "classify"
PICTURE = "picture"


def write_head(
    source: str,
    output: str | None,
    head: str,
    *,
    frames: slice | None,
    as_json: bool,
    models: Sequence[str],
    device: str,
    threads: int,
) -> int:
    """Writes what a head makes of the images of a file; returns how many.

    ``classify`` writes the five most likely classes as text or JSON, on stdout if `output` is not
    given; ``picture`` a .png, or a folder of them; other heads one array [images, ...], as .npy,
    or .safetensors by its name.
    """
    with FeatureFile(source, device=device, threads=threads, models=models) as opened:
        indices = range(len(opened))[frames or slice(None)]
        if not indices:
            raise UsageError(
                f"no image is in that range: the file has images 0 to {len(opened) - 1}"
            )
        if head == CLASSIFY:
            answers = [(opened.name(index), opened.classify(index)) for index in indices]
            text = _json(answers) if as_json else _text(answers)
            if output in (None, "-"):
                click.echo(text)
                return len(indices)
            data = f"{text}\n".encode()
        elif as_json:
            raise UsageError(
                f"--json goes with --head {CLASSIFY}, not with --head {head}: leave it out"
            )
        elif output is None:
            files = (
                "FILE.png, a folder, FILE.npy" if head == PICTURE else "FILE.npy, FILE.safetensors"
            )
            raise UsageError(f"--head {head} needs -o: {files}, or - for NPY")
        elif head == PICTURE and output != "-" and not output.endswith(".npy"):
            _pictures(opened, indices, Path(output))
            return len(indices)
        else:
            arrays = [opened.head(head, index) for index in indices]
            if len({each.shape for each in arrays}) > 1:
                raise UsageError("images of several sizes are no one array: choose with --frames")
            data = _array(np.stack(arrays), output, head)
    assert output is not None
    with atomic_output(output) as stream:
        stream.write(data)
    return len(indices)


def _pictures(opened: FeatureFile, indices: Sequence[int], output: Path) -> None:
    """Writes one image into a file, or several into a folder, named as they were."""
    single = output.suffix.lower() == ".png"
    if single and len(indices) > 1:
        raise UsageError(
            f"{output} is one file for {len(indices)} images: give a folder, or --frames"
        )
    if not single:
        if output.suffix:
            raise UsageError(
                f"{output} is neither .png, a folder, nor .npy, which --head {PICTURE} writes: "
                "name one of them"
            )
        pictures = (
            FolderEntry(f"{PurePath(opened.name(index)).stem}.png", _picture(opened, index))
            for index in indices
        )
        write_folder(output, pictures)
        return
    write_image(output, _picture(opened, indices[0]))


def _picture(opened: FeatureFile, index: int) -> Image:
    return Image(opened.head(PICTURE, index))


def _text(answers: Sequence[tuple[str, list[tuple[str, float]]]]) -> str:
    lines = []
    for name, classes in answers:
        lines.append(plain(name))
        lines += [plain(f"  {100 * share:5.1f} %  {label}") for label, share in classes]
    return "\n".join(lines)


def _json(answers: Sequence[tuple[str, list[tuple[str, float]]]]) -> str:
    records: list[dict[str, Any]] = [
        {"image": name, "classes": [{"name": label, "share": share} for label, share in classes]}
        for name, classes in answers
    ]
    return json.dumps(records, indent=2)


def _array(values: NDArray[Any], output: str, name: str) -> bytes:
    if output.endswith(".safetensors"):
        raw = np.ascontiguousarray(values, "<f4").tobytes()
        about = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [0, len(raw)]}
        head = json.dumps({name: about}).encode()
        head += b" " * (-len(head) % 8)
        return len(head).to_bytes(8, "little") + head + raw
    if output != "-" and not output.endswith(".npy"):
        raise UsageError(
            f"{output} is neither .npy nor .safetensors, which --head {name} writes: name one"
        )
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()
