"""Clips, images and collections of images in and out of ncodec."""

from __future__ import annotations

from ncodec.media.collection import Collection, open_collection
from ncodec.media.collection_sink import write_collection
from ncodec.media.colour import from_rgb, to_rgb
from ncodec.media.frame import Frame
from ncodec.media.image import Image, Metadata
from ncodec.media.image_sink import write_image
from ncodec.media.images import read_image
from ncodec.media.kinds import media_kind
from ncodec.media.scan import Scan, scan
from ncodec.media.sink import VideoSink, open_sink
from ncodec.media.source import Landmarks, VideoSource, open_source

__all__ = [
    "Collection",
    "Frame",
    "Image",
    "Landmarks",
    "Metadata",
    "Scan",
    "VideoSink",
    "VideoSource",
    "from_rgb",
    "media_kind",
    "open_collection",
    "open_sink",
    "open_source",
    "read_image",
    "scan",
    "to_rgb",
    "write_collection",
    "write_image",
]
