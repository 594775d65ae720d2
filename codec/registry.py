"""Codecs and trainers by name, found through entry points and loaded on demand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ncodec.errors import MissingDependency, UnsupportedFormat, UsageError
from ncodec.formats import Header
from ncodec.plugin import Codec, Option, StillCodec, Trainer

__all__ = [
    "CODECS",
    "DEFAULT_CODECS",
    "TRAINERS",
    "codec_for",
    "codec_names",
    "frame_codec",
    "load_codec",
    "load_trainer",
    "resolve_options",
    "trainer_names",
]

CODECS, TRAINERS = "ncodec.codecs", "ncodec.trainers"
DEFAULT_CODECS = {"video": "ngrid", "image": "pc-photo", "collection": "pc-hclt"}
"""By kind of source, see `ncodec.media.media_kind`."""


def codec_names() -> tuple[str, ...]:
    """Names of the installed codecs; loads none of them."""
    return tuple(sorted(_entries(CODECS)))


def trainer_names() -> tuple[str, ...]:
    """Names of the installed trainers; loads none of them."""
    return tuple(sorted(_entries(TRAINERS)))


@cache
def load_codec(name: str) -> Codec | StillCodec:
    """The codec called `name`.

    Raises:
        MissingDependency: no installed package has it, or it cannot be loaded.
    """
    otherwise = "choose one of these with --codec"
    codec: Codec | StillCodec = _loaded(CODECS, "codec", name, otherwise)
    return codec


@cache
def load_trainer(name: str) -> Trainer:
    """The trainer called `name`; errors as `load_codec`."""
    trainer: Trainer = _loaded(TRAINERS, "trainer", name, "choose one of these")
    return trainer


def frame_codec(name: str) -> Codec:
    """The codec called `name`, which must be one that codes runs of frames.

    Raises:
        UsageError: it codes still images.
    """
    codec = load_codec(name)
    if isinstance(codec, StillCodec):
        raise UsageError(f"{name} codes still images, not frames: choose another --codec")
    return codec


def codec_for(header: Header) -> Codec | StillCodec:
    """The codec that reads a file with this header.

    Raises:
        MissingDependency: it is not installed.
        UnsupportedFormat: the installed one is older than the file.
    """
    codec = load_codec(header.codec_id)
    if header.bitstream_version > codec.bitstream_version:
        raise UnsupportedFormat(
            f"the file has version {header.bitstream_version} of {header.codec_id}, "
            f"this installation reads up to {codec.bitstream_version}: upgrade ncodec"
        )
    return codec


def resolve_options(
    codec: Codec | StillCodec | Trainer, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Every option of `codec`: what is given, converted and checked, and defaults for the rest.

    Raises:
        UsageError: an unknown name or a value that is not allowed.
    """
    options = {option.name: option for option in codec.options}
    for name in given:
        if name not in options:
            raise UsageError(f"{_name(codec)} has no option {name!r}: it has {', '.join(options)}")
    return {
        name: option.default if given.get(name) is None else _value(option, given[name])
        for name, option in options.items()
    }


def _value(option: Option, value: Any) -> Any:
    try:
        value = option.type(value)
    except (TypeError, ValueError):
        raise UsageError(
            f"{option.name} is {value!r} but must be of type {option.type.__name__}"
        ) from None
    if option.choices and value not in option.choices:
        choices = ", ".join(map(str, option.choices))
        raise UsageError(f"{option.name} is {value!r} but must be one of {choices}")
    if option.minimum is not None and not option.minimum <= value < float("inf"):
        raise UsageError(f"{option.name} is {value} but must be at least {option.minimum}")
    return value


def _name(codec: Codec | StillCodec | Trainer) -> str:
    name: str = codec.codec_id if hasattr(codec, "codec_id") else codec.name
    return name


def _loaded(group: str, what: str, name: str, otherwise: str) -> Any:
    entry = _entries(group).get(name)
    if entry is None:
        raise MissingDependency(
            f"{what} {name!r} is not installed: there are {', '.join(sorted(_entries(group)))}; "
            f"install the package that provides it, or {otherwise}"
        )
    try:
        return entry.load()()
    except Exception as error:  # somebody else's code, of which anything can be expected
        package = entry.dist.name if entry.dist else entry.value
        raise MissingDependency(
            f"{what} {name!r} of {package} cannot be loaded ({type(error).__name__}: {error}): "
            f"run python -m pip install --upgrade {package}"
        ) from error


@cache
def _entries(group: str) -> dict[str, EntryPoint]:
    """Entry points by name; of two with one name ncodec's own counts, then the first package's."""

    def order(entry: EntryPoint) -> tuple[bool, str]:
        package = entry.dist.name if entry.dist else ""
        return package != "ncodec", package

    return {e.name: e for e in sorted(entry_points(group=group), key=order, reverse=True)}
