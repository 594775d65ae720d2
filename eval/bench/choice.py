"""A codec and options for it in one word, as ``--codecs`` of every kind of benchmark takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from ncodec.errors import InputError, UsageError
from ncodec.plugin import Option
from ncodec.registry import load_codec, resolve_options

__all__ = ["CodecChoice", "codec_choice", "flags", "words"]

_FLAGS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class CodecChoice:
    """A codec and those of its options that were chosen for it.

    Attributes:
        codec: its id.
        options: JSON values, checked; a path is absolute, because processes work elsewhere.
    """

    codec: str
    options: Mapping[str, Any]

    def contents(self) -> dict[str, str]:
        """BLAKE3 of the files that options name, by option: what a result depends on.

        Raises:
            InputError: a file cannot be read.
        """
        paths = [option.name for option in load_codec(self.codec).options if option.type is Path]
        return {name: _digest(Path(self.options[name])) for name in paths if name in self.options}


def codec_choice(text: str) -> CodecChoice:
    """``NAME``, ``NAME:key=value:key=value``, or ``NAME:value`` for its first option.

    So ``hnerv:paper`` is ``hnerv:preset=paper`` and ``pc-photo:best`` is ``pc-photo:effort=best``.
    An option that is a flag has ``yes`` or ``no``.

    Raises:
        MissingDependency: the codec is not installed.
        UsageError: it has no such option, or the value is not allowed.
    """
    name, *parts = text.split(":")
    codec = load_codec(name)
    known = {option.name: option for option in codec.options}
    options: dict[str, Any] = {}
    for number, part in enumerate(parts):
        key, equals, value = part.partition("=")
        if not equals and number == 0 and known:
            key, value = next(iter(known)), part
        key = key.replace("-", "_")
        if not value or key in options:
            raise UsageError(
                f"{part!r} of {text!r} is no option: write {name}:key=value:key=value, each key "
                f"once, of {', '.join(known)}"
            )
        options[key] = _flag(known[key], value) if key in known else value
    resolved = resolve_options(codec, options)
    return CodecChoice(name, {key: _plain(resolved[key]) for key in options})


def words(options: Mapping[str, Any]) -> str:
    """Options as a report names them: ``effort best, model tiny``, a path by its stem."""
    return ", ".join(f"{name.replace('_', ' ')} {_word(v)}" for name, v in options.items())


def flags(options: Mapping[str, Any]) -> list[str]:
    """Options as `ncodec encode` takes them."""
    arguments: list[str] = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        arguments += [flag] * value if isinstance(value, bool) else [flag, f"{value}"]
    return arguments


def _word(value: Any) -> Any:
    if isinstance(value, bool):
        return next(word for word, flag in _FLAGS.items() if flag is value)
    return Path(value).stem if isinstance(value, str) and Path(value).is_absolute() else value


def _flag(option: Option, value: str) -> Any:
    if option.type is not bool:
        return value
    if value not in _FLAGS:
        raise UsageError(f"{option.name} is {value!r} but must be one of {', '.join(_FLAGS)}")
    return _FLAGS[value]


def _plain(value: Any) -> Any:
    return str(value.absolute()) if isinstance(value, Path) else value


def _digest(path: Path) -> str:
    try:
        return blake3(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from None
