"""Codecs that break the contract, one way each; all else is `RawPlanes`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from rawplanes import RawPlanes

from ncodec.plugin import Option, VideoCodec


class WrongName(RawPlanes):
    codec_id = "somethingelse"


class NoMedia(VideoCodec):
    codec_id = "nomedia"
    bitstream_version = 1
    estimate, encode, decode = RawPlanes.estimate, RawPlanes.encode, RawPlanes.decode


class NoDecode(VideoCodec):
    codec_id = "nodecode"
    bitstream_version = 1
    media = frozenset({"video"})
    estimate, encode = RawPlanes.estimate, RawPlanes.encode


class NoBase:
    codec_id = "nobase"


class IgnoredTarget(RawPlanes):
    codec_id = "ignoredtarget"

    def encode(self, window, options, context):
        return super().encode(window, options, replace(context, target_size=None))


class NoCheck(RawPlanes):
    codec_id = "nocheck"

    def decode(self, segment, info, shared, context):
        return super().decode(_Unchecked(**vars(segment)), info, shared, context)


class _Unchecked:
    """A segment whose `check` checks nothing."""

    def __init__(self, **parts):
        vars(self).update(parts)

    def check(self, arrays):
        pass


class Raises(RawPlanes):
    codec_id = "raises"

    def decode(self, segment, info, shared, context):
        return [][segment.index]


class RaisesLater(RawPlanes):
    codec_id = "raiseslater"

    def decode(self, segment, info, shared, context):
        return _Broken(super().decode(segment, info, shared, context))


class _Broken(list):
    def __getitem__(self, index):
        raise ZeroDivisionError("no such luck")


class TooFew(RawPlanes):
    codec_id = "toofew"

    def decode(self, segment, info, shared, context):
        return super().decode(segment, info, shared, context)[1:]


class WrongShape(RawPlanes):
    codec_id = "wrongshape"

    def decode(self, segment, info, shared, context):
        frames = super().decode(segment, info, shared, context)
        return [tuple(plane.T for plane in planes) for planes in frames]


class WrongType(RawPlanes):
    codec_id = "wrongtype"

    def decode(self, segment, info, shared, context):
        frames = super().decode(segment, info, shared, context)
        return [tuple(plane.astype(np.float32) for plane in planes) for planes in frames]


class NotASegment(RawPlanes):
    codec_id = "notasegment"

    def encode(self, window, options, context):
        return super().encode(window, options, context).pack()


class OddOption(RawPlanes):
    """Its options are made when they are asked for: a class body could not be imported."""

    codec_id = "oddoption"

    @property
    def options(self):
        return (Option("colours", dict, {}, "what no command line can say"),)
