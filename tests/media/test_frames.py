import av
import numpy as np
import pytest
from clips import clip, same

from ncodec.errors import InputError
from ncodec.media.frame import (
    EXACT_SCALER,
    PIXEL_FORMATS,
    canonical_format,
    from_av,
    plane_shapes,
    to_av,
)

LAYOUTS = {
    "yuvj420p": "yuv420p",
    "nv12": "yuv420p",
    "yuva420p": "yuv420p",
    "yuyv422": "yuv422p",
    "nv24": "yuv444p",
    "p010le": "yuv420p10le",
    "y210le": "yuv422p10le",
    "yuv444p16be": "yuv444p16le",
    "rgb24": "gbrp",
    "bgra": "gbrp",
    "x2rgb10le": "gbrp10le",
    "rgb48be": "gbrp16le",
    "ya8": "gray",
    "gray16be": "gray16le",
}


@pytest.mark.parametrize(("name", "carried"), LAYOUTS.items())
def test_layouts_are_moved_without_loss(name, carried):
    info, frames = clip(carried, (18, 14))
    other = to_av(frames[0], info).reformat(
        format=name,
        threads=1,
        interpolation=EXACT_SCALER,
        src_colorspace=5,
        dst_colorspace=5,
        src_color_range=2,
        dst_color_range=2,
    )
    assert canonical_format(name) == carried
    assert same([from_av(other, carried, 0)], frames[:1])


@pytest.mark.parametrize("name", PIXEL_FORMATS)
@pytest.mark.parametrize("size", [(16, 16), (17, 15), (1, 1)])
def test_carried_formats_map_to_themselves(name, size):
    info, frames = clip(name, size)
    assert canonical_format(name) == name
    assert same([from_av(to_av(frames[0], info), name, 0)], frames[:1])


def test_chroma_of_odd_sizes_rounds_up():
    assert plane_shapes("yuv420p", 17, 15) == ((15, 17), (8, 9), (8, 9))
    assert plane_shapes("yuv422p10le", 17, 15) == ((15, 17), (15, 9), (15, 9))


def test_palette_becomes_rgb():
    palette = np.zeros((256, 4), np.uint8)
    palette[3] = (255, 10, 20, 30)  # ARGB
    picture = av.VideoFrame.from_ndarray((np.full((8, 8), 3, np.uint8), palette), "pal8")
    green, blue, red = from_av(picture, canonical_format("pal8"), 0).planes
    assert {int(p.flat[0]) for p in (red,)} == {10}
    assert (int(green.flat[0]), int(blue.flat[0])) == (20, 30)


@pytest.mark.parametrize("name", ["cuda", "no_such_format"])
def test_formats_without_samples_are_refused(name):
    with pytest.raises(InputError, match=name):
        canonical_format(name)
