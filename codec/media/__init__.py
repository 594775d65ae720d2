"""Clips and images in and out of ncodec, as planes of samples."""

from __future__ import annotations

from ncodec.media.colour import from_rgb, to_rgb
from ncodec.media.frame import Frame
from ncodec.media.scan import Scan, scan
from ncodec.media.sink import VideoSink, open_sink
from ncodec.media.source import Landmarks, VideoSource, open_source

__all__ = [
    "Frame",
    "Landmarks",
    "Scan",
    "VideoSink",
    "VideoSource",
    "from_rgb",
    "open_sink",
    "open_source",
    "scan",
    "to_rgb",
]
