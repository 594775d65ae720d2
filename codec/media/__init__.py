"""Clips, images and collections of images in and out of ncodec.

Names are resolved on first use: to open a .nc file takes neither PyAV nor Pillow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ncodec.formats.lazy import resolver

if TYPE_CHECKING:
    from ncodec.media.collection import Collection, open_collection
    from ncodec.media.collection_sink import write_collection
    from ncodec.media.colour import from_rgb, to_rgb
    from ncodec.media.frame import Frame
    from ncodec.media.image import Image, Metadata
    from ncodec.media.image_sink import write_image
    from ncodec.media.images import read_image
    from ncodec.media.kinds import media_kind
    from ncodec.media.opening import open_source
    from ncodec.media.reading import Reading
    from ncodec.media.scanning import Scan, scan
    from ncodec.media.sink import VideoSink, open_sink
    from ncodec.media.source import Landmarks, VideoSource

__all__ = [
    "Collection",
    "Frame",
    "Image",
    "Landmarks",
    "Metadata",
    "Reading",
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

__getattr__ = resolver(
    __name__,
    {
        "Collection": "ncodec.media.collection",
        "Frame": "ncodec.media.frame",
        "Image": "ncodec.media.image",
        "Landmarks": "ncodec.media.source",
        "Metadata": "ncodec.media.image",
        "Reading": "ncodec.media.reading",
        "Scan": "ncodec.media.scanning",
        "VideoSink": "ncodec.media.sink",
        "VideoSource": "ncodec.media.source",
        "from_rgb": "ncodec.media.colour",
        "media_kind": "ncodec.media.kinds",
        "open_collection": "ncodec.media.collection",
        "open_sink": "ncodec.media.sink",
        "open_source": "ncodec.media.opening",
        "read_image": "ncodec.media.images",
        "scan": "ncodec.media.scanning",
        "to_rgb": "ncodec.media.colour",
        "write_collection": "ncodec.media.collection_sink",
        "write_image": "ncodec.media.image_sink",
    },
)
