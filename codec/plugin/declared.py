"""Whether a codec's class declares what the contract asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ncodec.plugin.codec import MEDIA, Codec
from ncodec.plugin.context import Option
from ncodec.plugin.features import FeatureCodec
from ncodec.plugin.stills import ImageCodec
from ncodec.plugin.training import Trainer
from ncodec.plugin.video import VideoCodec

__all__ = ["codec_faults", "option_faults", "trainer_faults"]


def codec_faults(codec: type, name: str) -> Iterator[str]:
    """What is wrong with a codec that an entry point calls `name`, most telling first."""
    yield from _class_faults(codec, (VideoCodec, ImageCodec, FeatureCodec))
    yield from _name_faults(codec, "codec_id", name)
    version = getattr(codec, "bitstream_version", None)
    if type(version) is not int or version < 1:
        yield f"bitstream_version is {version!r} but must be an integer from 1"
    media = getattr(codec, "media", None)
    if not isinstance(media, frozenset) or not media or not media <= MEDIA:
        shown = _listed(media) if isinstance(media, frozenset) and media else repr(media)
        yield f"media is {shown} but must be a frozenset of some of {_listed(MEDIA)}"
    sections = getattr(codec, "sections", None)
    if not isinstance(sections, list | tuple) or not all(isinstance(s, str) for s in sections):
        yield f"sections is {sections!r} but must be a tuple of names"


def trainer_faults(trainer: type, name: str) -> Iterator[str]:
    """What is wrong with a trainer that an entry point calls `name`, most telling first."""
    yield from _class_faults(trainer, (Trainer,))
    yield from _name_faults(trainer, "name", name)


def option_faults(owner: Codec | Trainer) -> Iterator[str]:
    """What is wrong with the options of a codec or trainer."""
    options: Any = owner.options
    if not isinstance(options, list | tuple) or not all(isinstance(o, Option) for o in options):
        yield f"options is {options!r} but must be a tuple of ncodec.plugin.Option"
        return
    names = [option.name for option in options]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        yield f"options has {', '.join(twice)} more than once"


def _class_faults(item: Any, bases: tuple[type, ...]) -> Iterator[str]:
    named = " or ".join(f"ncodec.plugin.{base.__name__}" for base in bases)
    if not isinstance(item, type) or not issubclass(item, bases):
        yield f"{getattr(item, '__name__', item)!r} is no class that inherits from {named}"
    elif missing := getattr(item, "__abstractmethods__", None):
        yield f"{item.__name__} lacks {', '.join(sorted(missing))}"


def _name_faults(item: type, attribute: str, name: str) -> Iterator[str]:
    own = getattr(item, attribute, None)
    if own != name:
        yield f"{attribute} is {own!r} but its entry point is called {name!r}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(map(str, names)))
