"""The conformance kit: every codec of ncodec passes it, and it finds what is wrong with others."""

from dataclasses import replace
from importlib.metadata import entry_points

import numpy as np
import pytest
from rawimages import RawImages
from rawplanes import RawPlanes

import ncodec
from ncodec.errors import CodecFailed, DamagedFile, MissingDependency
from ncodec.plugin import check
from ncodec.registry import OWN, load_codec

FAST = {"preset": "ultrafast", "epochs": 1}
DIGITS = [np.random.default_rng(i).integers(0, 256, (28, 28, 1)).astype(np.uint8) for i in (1, 2)]
SMALL = [np.random.default_rng(i).integers(60, 80, (4, 4, 3)).astype(np.uint8) for i in range(20)]


@pytest.mark.parametrize(
    ("name", "options", "images", "tried"),
    [
        ("hnerv", FAST, None, 3),
        ("nervpp", FAST, None, 3),
        ("ngrid", FAST, None, 3),
        ("pc-photo", {"effort": "fast"}, None, 4),
        ("pc-hclt", {}, DIGITS, 1),
        ("entropic-student", {}, None, 3),
    ],
)
def test_ncodec_s_codecs_keep_their_contract(name, options, images, tried):
    report = check(type(load_codec(name)), options, images=images)
    assert len(report.tried) == tried
    assert f"{name} keeps its contract for" in str(report)


def test_a_codec_that_needs_a_model_is_given_one(tmp_path):
    np.save(tmp_path / "train.npy", np.stack(SMALL))
    model = tmp_path / "m.ncm"
    tiny = {"flow_epochs": 1, "couplings": 2, "hidden": 4, "latents": 2, "epochs": 1}
    ncodec.train("pc-idf", tmp_path / "train.npy", model, threads=1, **tiny)
    codec = type(load_codec("pc-idf"))
    report = check(codec, {"model": model}, images=SMALL[:3], models=[model])
    assert report.tried == ("3 images of 4x4, 3 channels, 8 bits",)
    with pytest.raises(CodecFailed, match=r"takes none of the inputs .*pc-idf needs a model"):
        check(codec)


def test_no_codec_is_left_out():
    entries = entry_points(group="ncodec.codecs")
    names = {entry.name for entry in entries if entry.dist.name == "ncodec"}
    tried = {"hnerv", "nervpp", "ngrid", "pc-photo", "pc-hclt", "pc-idf", "entropic-student"}
    assert names == tried | {"pc-jpeg"}


@pytest.mark.parametrize("group", OWN)
def test_own_codecs_and_trainers_are_where_their_entry_points_say(group):
    entries = entry_points(group=group)
    assert OWN[group] == {e.name: e.value for e in entries if e.dist.name == "ncodec"}


def test_a_codec_of_files_takes_no_pixels():
    # What it promises of files is tried in tests/jpeg.
    with pytest.raises(CodecFailed, match=r"takes none of the inputs .*is no JPEG file"):
        check(type(load_codec("pc-jpeg")))


@pytest.mark.parametrize("codec", [RawPlanes, RawImages])
def test_the_codecs_that_authors_begin_from_keep_it(codec):
    report = check(codec)
    assert not report.refused
    with pytest.raises(MissingDependency, match="is not installed"):
        load_codec(codec.codec_id)


def test_a_codec_of_frames_may_take_images_alone():
    class Stills(RawPlanes):
        codec_id = "stills"
        media = frozenset({"image"})

    report = check(Stills)
    assert len(report.tried) == 3
    assert "alpha" in report.refused[0]


class HashWrong(RawPlanes):
    def encode(self, window, options, context):
        return replace(super().encode(window, options, context), integer_hash=5)


class HashIgnored(RawPlanes):
    def decode(self, segment, info, shared, context):
        return super().decode(_trusted(segment), info, shared, context)


class HashUnknown(RawPlanes):
    """Compares on its own, so that nobody can know."""

    def decode(self, segment, info, shared, context):
        return super().decode(replace(segment), info, shared, context)


class TargetIgnored(RawPlanes):
    def encode(self, window, options, context):
        return super().encode(window, options, replace(context, target_size=None))


class DamageRaised(RawPlanes):
    def decode(self, segment, info, shared, context):
        try:
            return super().decode(segment, info, shared, context)
        except DamagedFile:
            raise KeyError("samples") from None


class Fickle(RawPlanes):
    count = 0

    def decode(self, segment, info, shared, context):
        frames = super().decode(segment, info, shared, context)
        type(self).count += 1
        return [tuple(plane + np.uint8(self.count) for plane in planes) for planes in frames]


class EightBits(RawPlanes):
    """Takes 10 bits, and gives back 8."""

    def decode(self, segment, info, shared, context):
        frames = super().decode(segment, info, shared, context)
        return [tuple(plane.astype(np.uint8) for plane in planes) for planes in frames]


class Lossy(RawImages):
    def open_images(self, stored, context):
        return _Changed(super().open_images(stored, context))


class _Changed:
    def __init__(self, pictures):
        self._pictures = pictures
        self.lost = pictures.lost

    def __len__(self):
        return len(self._pictures)

    def pixels(self, index, region=None):
        return self._pictures.pixels(index, region) | 1

    def stream(self, indices, region=None):
        return (self.pixels(index, region) for index in indices)


class Misplaced(RawImages):
    """Its regions are all of the same corner."""

    def open_images(self, stored, context):
        return _Corner(super().open_images(stored, context))


class _Corner(_Changed):
    def pixels(self, index, region=None):
        return self._pictures.pixels(index, region and (0, 0, *region[2:]))


def _trusted(segment):
    """A segment that takes any integers, and says that they were checked."""
    trusted = replace(segment)

    def check(arrays):
        object.__setattr__(segment, "checked", True)

    object.__setattr__(trusted, "check", check)
    return trusted


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        (HashWrong, "cannot encode .* .VerificationFailed: segment 0 decodes to other"),
        (HashIgnored, "although the hash of its integers is wrong"),
        (HashUnknown, "without checking its integers"),
        (TargetIgnored, r"makes a segment of \d+ bytes of .* for a target size of"),
        (DamageRaised, r"failed in decode \(KeyError: 'samples'"),
        (Fickle, "to other values each time"),
        (EightBits, "decodes a frame to planes of uint8"),
        (Lossy, "is lossless, but decodes"),
        (Misplaced, "decodes parts of .* to other values than the whole"),
    ],
    ids=lambda value: getattr(value, "__name__", "words"),
)
def test_a_broken_promise_is_named(codec, words):
    with pytest.raises(CodecFailed, match=words) as caught:
        check(codec)
    assert f"codec {codec.codec_id!r} of test_conformance" in str(caught.value)
