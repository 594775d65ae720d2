"""The models by name and by BLAKE3: shipped, in the user's folder, or in files named outright."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from ncodec.errors import InputError, MissingDependency
from ncodec.formats import Model, atomic_output, read_model

__all__ = ["add_model", "find_model", "models", "shipped_model", "shipped_models", "store_folder"]

_SHIPPED = Path(__file__).parent / "models"
_FOLDER = "NCODEC_MODELS"


def store_folder() -> Path:
    """The user's models: ``$NCODEC_MODELS``, else ``ncodec/models`` in the user's data folder."""
    if folder := os.environ.get(_FOLDER):
        return Path(folder)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "ncodec" / "models"


def shipped_models() -> tuple[str, ...]:
    """The names of the models that come with ncodec."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.ncm")))


@cache
def shipped_model(name: str) -> Model:
    """The shipped model called `name`.

    Raises:
        MissingDependency: the installation lacks it.
    """
    try:
        return read_model(_SHIPPED / f"{name}.ncm")
    except InputError as error:
        raise MissingDependency(
            f"the model {name!r} that comes with ncodec is not usable ({error}): run "
            "python -m pip install --force-reinstall ncodec"
        ) from None


def find_model(digest: bytes, files: Iterable[str | Path] = ()) -> bytes | None:
    """The packed model with this BLAKE3: from `files`, the package or the user's folder.

    Raises:
        InputError: one of `files` is no model.
    """
    for model in _candidates(digest, files):
        if model.digest == digest:
            return model.pack()
    return None


def models(family: str, files: Iterable[str | Path] = ()) -> Iterator[Model]:
    """All models of a family: of `files`, of the package and of the user's folder.

    Raises:
        InputError: one of them is no model.
    """
    stored = sorted(store_folder().glob("*.ncm"))
    candidates = chain(map(read_model, files), map(shipped_model, shipped_models()))
    for model in chain(candidates, map(read_model, stored)):
        if model.family == family:
            yield model


def add_model(path: str | Path) -> Path:
    """Copies a model file into the user's folder, where every decode finds it.

    Raises:
        InputError: it is no model.
        OutputError: the folder cannot be written.
    """
    model = read_model(path)
    folder = store_folder()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{model.digest.hex()}.ncm"
    with atomic_output(target) as stream:
        stream.write(model.pack())
    return target


def _candidates(digest: bytes, files: Iterable[str | Path]) -> Iterator[Model]:
    for path in files:
        yield read_model(path)
    for name in shipped_models():
        yield shipped_model(name)
    stored = store_folder() / f"{digest.hex()}.ncm"
    if stored.exists():
        yield read_model(stored)
