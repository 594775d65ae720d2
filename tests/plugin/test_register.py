"""Codecs of one process: what they declare is checked, and they are gone when they should be."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from packages import install
from rawimages import RawImages
from rawplanes import RawPlanes
from synthetic import TINY_FLAGS, read, same_planes

import ncodec
import ncodec.plugin
from ncodec import registry
from ncodec.errors import CodecFailed, Interrupted, MissingDependency, UsageError
from ncodec.formats import entropy
from ncodec.plugin import Option, register
from ncodec.registry import codec_names, load_codec


def test_a_codec_of_a_notebook_is_used_until_its_block_ends(clip_file, tmp_path, command):
    class Mine(RawPlanes):
        """Written in a cell."""

        codec_id = "mine"

    with register(Mine):
        ncodec.encode(clip_file, tmp_path / "a.nc", codec="mine")
        with ncodec.open(tmp_path / "a.nc") as clip:
            assert same_planes(list(clip), read(clip_file)[1])
        assert b"mine (version 2, video): Written in a cell." in command("codecs").out
    assert "mine" not in codec_names()
    with pytest.raises(MissingDependency, match="codec 'mine' is not installed"):
        ncodec.open(tmp_path / "a.nc")


def test_registering_again_replaces_what_was_there():
    class First(RawPlanes):
        """The cell as it was run first."""

        codec_id = "cell"

    class Second(RawPlanes):
        """The cell again."""

        codec_id = "cell"

    first = register(First)
    with register(Second):
        first.close()
        assert type(load_codec("cell")) is Second
    assert "cell" not in codec_names()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"bitstream_version": 0}, "bitstream_version is 0 but must be an integer from 1"),
        ({"bitstream_version": "2"}, "bitstream_version is '2'"),
        ({"media": frozenset()}, "media is frozenset"),
        ({"media": frozenset({"video", "sound"})}, "media is sound, video but must be"),
        ({"media": "video"}, "media is 'video' but must be a frozenset"),
        ({"sections": "samples"}, "sections is 'samples' but must be a tuple of names"),
        ({"options": [3]}, r"options is \[3\] but must be a tuple of ncodec\.plugin\.Option"),
        ({"options": (Option("a", int, 1, "b"),) * 2}, "options has a more than once"),
        ({"__init__": lambda self: 1 / 0}, r"cannot be loaded \(ZeroDivisionError"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value)[:40],
)
def test_what_a_codec_declares_is_checked_when_it_is_loaded(parts, words):
    with pytest.raises(MissingDependency, match=words):
        register(type("Odd", (RawPlanes,), {"codec_id": "odd", **parts}))
    assert "odd" not in codec_names()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (
            {"type": list},
            "is of type <class 'list'> but must be one of int, float, str, Path, bool",
        ),
        ({"type": int, "default": 1.5}, "has the default 1.5, which it does not take"),
        ({"type": int, "default": True}, "has the default True"),
        ({"default": "c", "choices": ("a", "b")}, "has the default 'c'"),
        ({"type": int, "default": 1, "minimum": 2}, "has the default 1"),
        ({"minimum": 2}, "has the minimum 2, which only numbers can have"),
    ],
    ids=str,
)
def test_an_option_whose_parts_do_not_fit_is_refused(parts, words):
    with pytest.raises(UsageError, match=words):
        Option(**{"name": "colours", "type": str, "default": None, "help": "how many"} | parts)


def test_an_image_codec_that_checks_nothing_is_not_said_to(command, tmp_path):
    class Trusting(RawImages):
        codec_id = "trusting"

        def open_images(self, stored, context):
            return super().open_images(_Copies(stored), context)

    np.save(tmp_path / "images.npy", np.zeros((3, 4, 4), np.uint8))
    words = {Trusting: b"integers not checked by the codec", RawImages: b"integers as encoded"}
    for codec, found in words.items():
        with register(codec):
            ncodec.encode(tmp_path / "images.npy", tmp_path / "a.nc", codec=codec.codec_id)
            ran = command("verify", "a.nc")
        assert (ran.code, ran.out) == (0, b"a.nc: 3 segments intact, " + found + b"\n")


class _Copies:
    """A stored file whose segments are copies: what is checked of them, nobody hears."""

    def __init__(self, stored):
        self.info, self.shared, self.present = stored.info, stored.shared, stored.present
        self.segment = lambda index: replace(stored.segment(index))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda pixels: pixels[1:], r"to uint8 \(3, 4, 1\), not to uint8 \(4, 4, channels\)"),
        (lambda pixels: pixels.astype(int), r"to int64 \(4, 4, 1\)"),
        (lambda pixels: pixels[9], r"failed in (pixels|stream) \(IndexError"),
    ],
    ids=["rows", "type", "exception"],
)
def test_pixels_that_are_not_what_was_announced_are_the_codec_s_fault(tmp_path, change, words):
    class Odd(RawImages):
        codec_id = "odd"

        def open_images(self, stored, context):
            pictures = super().open_images(stored, context)
            whole = type(pictures).pixels
            pictures.pixels = lambda index, region=None: change(whole(pictures, index, region))
            return pictures

    np.save(tmp_path / "images.npy", np.zeros((3, 4, 4), np.uint8))
    with register(Odd):
        ncodec.encode(tmp_path / "images.npy", tmp_path / "a.nc", codec="odd")
        with ncodec.open(tmp_path / "a.nc") as album:
            with pytest.raises(CodecFailed, match=words):
                album[0]
            with pytest.raises(CodecFailed, match=words):
                list(album)


def test_an_image_codec_that_drops_an_image_is_named(tmp_path):
    class Forgetful(RawImages):
        codec_id = "forgetful"

        def encode_images(self, images, options, context):
            coded = super().encode_images(images, options, context)
            return replace(coded, segments=islice(coded.segments, 2))

    np.save(tmp_path / "images.npy", np.zeros((3, 4, 4), np.uint8))
    with register(Forgetful), pytest.raises(CodecFailed, match=r"made 2 frames .* announced 3"):
        ncodec.encode(tmp_path / "images.npy", tmp_path / "a.nc", codec="forgetful")
    assert not (tmp_path / "a.nc").exists()


def test_a_trainer_of_another_package_is_named_where_it_fails(tmp_path, monkeypatch, command):
    (tmp_path / "coach.py").write_text(
        "from ncodec.plugin import Trainer\n"
        "class Coach(Trainer):\n"
        "    name = 'coach'\n"
        "    options = ()\n"
        "    def train(self, data, options, context):\n"
        "        return data['nothing']\n"
    )
    install(tmp_path, "coach", "coach:Coach", group="ncodec.trainers")
    monkeypatch.syspath_prepend(tmp_path)
    caches = (registry._entries, registry._installed_trainer)
    for cache in caches:
        cache.cache_clear()
    ran = command("train", "coach", "data", "-o", "m.ncm")
    for cache in caches:
        cache.cache_clear()
    assert ran.code == 12
    assert "trainer 'coach' of coach 1.0 failed in train (TypeError: list indices" in ran.err
    assert not (tmp_path / "m.ncm").exists()


def test_a_bug_of_ncodec_s_own_codec_is_an_internal_error(clip_file, command, monkeypatch):
    def encode(self, window, options, context):
        raise KeyError("weights")

    monkeypatch.setattr(type(load_codec("hnerv")), "encode", encode)
    ran = command("encode", clip_file, "-o", "a.nc", *TINY_FLAGS, "-q")
    assert ran.code == 1
    assert "internal error: KeyError: 'weights'; set NCODEC_DEBUG=1" in ran.err


def test_an_error_of_ours_inside_a_codec_stays_what_it_is(clip_file, tmp_path):
    class Stopped(RawPlanes):
        codec_id = "stopped"

        def encode(self, window, options, context):
            raise Interrupted("stopped by the user")

    with register(Stopped), pytest.raises(Interrupted):
        ncodec.encode(clip_file, tmp_path / "a.nc", codec="stopped")


def test_what_an_author_needs_is_exported():
    assert all(hasattr(ncodec.plugin, name) for name in ncodec.plugin.__all__)
    assert all(hasattr(entropy, name) for name in entropy.__all__)
    encoder = entropy.Encoder()
    table = entropy.Table(np.array([1 << 23, 1 << 23]))
    encoder.encode(np.array([0, 1, 1], np.int32), table)
    assert entropy.Decoder(encoder.finish()).decode(3, table).tolist() == [0, 1, 1]
