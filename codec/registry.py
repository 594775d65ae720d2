"""Codecs and trainers by name, found through entry points and loaded on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ncodec._version import __version__
from ncodec.errors import MissingDependency, UnsupportedFormat, UsageError
from ncodec.formats import Header
from ncodec.guard import Origin, guarded
from ncodec.plugin import Codec, Option, Trainer, VideoCodec
from ncodec.plugin.declared import codec_faults, option_faults, trainer_faults

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "ALBUM",
    "CODECS",
    "DEFAULT_CODECS",
    "OWN",
    "TRAINERS",
    "codec_for",
    "codec_names",
    "describe",
    "frame_codec",
    "load_codec",
    "load_trainer",
    "register",
    "resolve_options",
    "trainer_names",
]

CODECS, TRAINERS = "ncodec.codecs", "ncodec.trainers"
_WHAT = {CODECS: "codec", TRAINERS: "trainer"}

OWN = {
    CODECS: {
        "entropic-student": "ncodec.student.codec:EntropicStudent",
        "hnerv": "ncodec.video.hnerv.codec:HNeRV",
        "nervpp": "ncodec.video.nervpp.codec:NeRVpp",
        "ngrid": "ncodec.video.ngrid.codec:NGrid",
        "pc-hclt": "ncodec.circuit.hclt:PcHclt",
        "pc-idf": "ncodec.circuit.flow.codec:PcIdf",
        "pc-jpeg": "ncodec.jpeg.codec:PcJpeg",
        "pc-photo": "ncodec.photo.codec:PcPhoto",
    },
    TRAINERS: {
        "entropic-picture": "ncodec.student.picture_trainer:PictureTrainer",
        "entropic-student": "ncodec.student.trainer:StudentTrainer",
        "pc": "ncodec.circuit.trainer:PcTrainer",
        "pc-idf": "ncodec.circuit.flow.trainer:IdfTrainer",
        "pc-jpeg": "ncodec.jpeg.trainer:JpegTrainer",
        "pc-photo": "ncodec.photo.trainer:PhotoTrainer",
    },
}
"""ncodec's own entry points, which count before those of other packages: to ask all packages takes
longer than to code an icon."""

ALBUM = "album"
"""The codec of files that hold files."""

_registered: dict[str, Codec] = {}
"""Codecs of this process alone, see `register`."""

DEFAULT_CODECS = {
    "video": "ngrid",
    "image": "pc-photo",
    "jpeg": "pc-jpeg",
    "collection": "pc-hclt",
    "album": ALBUM,
}
"""By kind of source, see `ncodec.media.media_kind`."""


class _Album(Codec):
    """Pictures of any shapes and kinds, each a file of its own codec inside the file."""

    codec_id = ALBUM
    bitstream_version = 1
    media = frozenset({"collection"})
    sections = ("pictures",)

    @property
    def options(self) -> Sequence[Option]:
        return [*load_codec(DEFAULT_CODECS["image"]).options]


_BUILT_IN: dict[str, Codec] = {ALBUM: _Album()}
"""Codecs that are no plugins: whoever reads or writes their files needs others."""


def codec_names() -> tuple[str, ...]:
    """Names of the installed codecs; loads none of them."""
    return tuple(sorted({*OWN[CODECS], *_entries(CODECS), *_registered}))


def trainer_names() -> tuple[str, ...]:
    """Names of the installed trainers; loads none of them."""
    return tuple(sorted({*OWN[TRAINERS], *_entries(TRAINERS)}))


def load_codec(name: str) -> Codec:
    """The codec called `name`.

    Raises:
        MissingDependency: no installed package has it, or it cannot be used.
    """
    return _registered.get(name) or _BUILT_IN.get(name) or _installed_codec(name)


def load_trainer(name: str) -> Trainer:
    """The trainer called `name`; errors as `load_codec`."""
    return _installed_trainer(name)


def register(codec: type[Codec]) -> ExitStack:
    """Installs a codec in this process: for notebooks and tests.

    It is used before a codec of a package with the same id. Worker processes do not see it:
    encode with one worker, which is the default.

    Args:
        codec: its class, as an entry point would name it.

    Returns:
        What takes it away again: at the end of a ``with`` block, or by `close`.

    Raises:
        MissingDependency: the class breaks the contract.
    """
    name = getattr(codec, "codec_id", "")
    remedy = "mend it; ncodec.plugin.check tries the rest of its contract"
    origin = Origin(f"codec {name!r} of {getattr(codec, '__module__', codec)}", remedy)
    instance = _registered[name] = guarded(_instance(CODECS, codec, name, origin), origin)

    def withdraw() -> None:
        if _registered.get(name) is instance:
            del _registered[name]

    registration = ExitStack()
    registration.callback(withdraw)
    return registration


def frame_codec(name: str) -> VideoCodec:
    """The codec called `name`, which must be one that codes runs of frames.

    Raises:
        UsageError: it codes still images.
    """
    codec = load_codec(name)
    if not isinstance(codec, VideoCodec):
        raise UsageError(f"{name} codes still images, not frames: choose another --codec")
    return codec


def codec_for(header: Header) -> Codec:
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


def resolve_options(codec: Codec | Trainer, values: Mapping[str, Any]) -> dict[str, Any]:
    """Every option of `codec`: `values`, converted and checked, and defaults for the rest.

    Raises:
        UsageError: an unknown name or a value that is not allowed.
    """
    options = {option.name: option for option in codec.options}
    for name in values:
        if name not in options:
            raise UsageError(f"{_name(codec)} has no option {name!r}: it has {', '.join(options)}")
    return {
        name: option.default if values.get(name) is None else _value(option, values[name])
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


def _name(codec: Codec | Trainer) -> str:
    return codec.codec_id if isinstance(codec, Codec) else codec.name


@cache
def _installed_codec(name: str) -> Codec:
    codec: Codec = _loaded(CODECS, name, "choose one of these with --codec")
    return codec


@cache
def _installed_trainer(name: str) -> Trainer:
    trainer: Trainer = _loaded(TRAINERS, name, "choose one of these")
    return trainer


def _loaded(group: str, name: str, otherwise: str) -> Any:
    """What the entry point makes, checked, and guarded if it is another package's."""
    what = _WHAT[group]
    if place := OWN[group].get(name):
        module, _, attribute = place.partition(":")
        loaded = getattr(import_module(module), attribute)
        return _instance(group, loaded, name, _own_origin(what, name))
    entry = _entries(group).get(name)
    if entry is None:
        names = codec_names() if group == CODECS else trainer_names()
        raise MissingDependency(
            f"{what} {name!r} is not installed: there are {', '.join(names)}; "
            f"install the package that provides it, or {otherwise}"
        )
    origin = _origin(what, name, entry)
    try:
        loaded = entry.load()
    except Exception as error:  # somebody else's code, of which anything can be expected
        raise origin.unusable(f"loaded ({type(error).__name__}: {error})") from error
    return guarded(_instance(group, loaded, name, origin), origin)


def _instance(group: str, loaded: Any, name: str, origin: Origin) -> Any:
    """A codec or trainer of its class, if it declares what it must.

    Raises:
        MissingDependency: it does not, or cannot be made.
    """
    faults = codec_faults if group == CODECS else trainer_faults
    for fault in faults(loaded, name):
        raise origin.unusable(f"used ({fault})")
    try:
        owner = loaded()
        options = list(option_faults(owner))
    except Exception as error:
        raise origin.unusable(f"loaded ({type(error).__name__}: {error})") from error
    for fault in options:
        raise origin.unusable(f"used ({fault})")
    return owner


def describe(name: str) -> str:
    """The codec called `name` with its package, for messages."""
    if name in _registered:
        return f"codec {name!r} of {type(_registered[name]).__module__}"
    if name in OWN[CODECS]:
        return _own_origin("codec", name).described
    return _origin("codec", name, _entries(CODECS)[name]).described


def _origin(what: str, name: str, entry: EntryPoint) -> Origin:
    if entry.dist is None:
        return _origin_in(what, name, entry.value, "")
    return _origin_in(what, name, entry.dist.name, f" {entry.dist.version}")


def _own_origin(what: str, name: str) -> Origin:
    return _origin_in(what, name, "ncodec", f" {__version__}")


def _origin_in(what: str, name: str, package: str, version: str) -> Origin:
    return Origin(
        f"{what} {name!r} of {package}{version}",
        f"run python -m pip install --upgrade {package}, or uninstall it",
    )


@cache
def _entries(group: str) -> dict[str, EntryPoint]:
    """Other packages' entry points by name; of two with one name the first package's counts."""
    from importlib.metadata import entry_points

    def order(entry: EntryPoint) -> str:
        return entry.dist.name if entry.dist else ""

    others = (entry for entry in entry_points(group=group) if entry.name not in OWN[group])
    return {entry.name: entry for entry in sorted(others, key=order, reverse=True)}
