import io
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from clips import clip, read, same, write
from hypothesis import given, settings
from hypothesis import strategies as st

from ncodec.errors import OutputError
from ncodec.media import open_sink, open_source, scan, to_rgb
from ncodec.media.frame import PIXEL_FORMATS

SIZES = [(16, 16), (17, 15), (1, 1)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pixel_format", PIXEL_FORMATS)
def test_matroska_keeps_every_sample(tmp_path, pixel_format, size):
    info, frames = clip(pixel_format, size)
    write(tmp_path / "a.mkv", info, frames)
    seen, back = read(tmp_path / "a.mkv")
    assert seen.info == info
    assert seen.times is None
    assert same(frames, back)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "pixel_format", [n for n in PIXEL_FORMATS if n[:4] != "gbrp" and n != "gray14le"]
)
def test_y4m_keeps_every_sample(tmp_path, pixel_format, size):
    info, frames = clip(pixel_format, size, sample_aspect_ratio=Fraction(4, 3))
    write(tmp_path / "a.y4m", info, frames)
    seen, back = read(tmp_path / "a.y4m")
    assert seen.info == info
    assert same(frames, back)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "pixel_format", ["yuv420p", "yuv422p10le", "yuv444p", "yuv420p10le", "gbrp"]
)
def test_mp4_keeps_size_format_and_count(tmp_path, pixel_format, size):
    info, frames = clip(pixel_format, size)
    write(tmp_path / "a.mp4", info, frames)
    seen, _ = read(tmp_path / "a.mp4")
    even = size == (16, 16)
    carried = pixel_format if even else pixel_format.replace("420", "444").replace("422", "444")
    assert seen.info == replace(info, pixel_format=carried, field_order=PROGRESSIVE)


PROGRESSIVE = 1
"""What H.264 and y4m say where nobody names a field order."""

COLOURS = {
    "hdr10": {"primaries": 9, "transfer": 16, "matrix": 9},
    "bt709-full": {"primaries": 1, "transfer": 1, "matrix": 1, "full_range": True},
    "bt601": {"primaries": 6, "transfer": 6, "matrix": 6},
}


@pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS)
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_films_keep_colour_rotation_and_aspect(tmp_path, suffix, rotation, colour):
    fields = dict(rotation=rotation, sample_aspect_ratio=Fraction(12, 11), **colour)
    info, frames = clip("yuv420p10le", **fields)
    write(tmp_path / f"a{suffix}", info, frames)
    seen, _ = read(tmp_path / f"a{suffix}")
    assert replace(seen.info, field_order=0) == info


@settings(max_examples=20, deadline=None)
@given(
    start=st.integers(0, 3000),
    steps=st.lists(st.integers(1, 5000), min_size=2, max_size=6),
    ticks=st.sampled_from([24, 600, 1000, 30000, 90000, 1_000_000]),
)
def test_mp4_keeps_variable_times_exactly(tmp_path_factory, start, steps, ticks):
    times = [start + sum(steps[:i]) for i in range(len(steps) + 1)]
    info, frames = clip(frames=len(times), times=times, time_base=Fraction(1, ticks))
    path = tmp_path_factory.mktemp("vfr") / "a.mp4"
    write(path, info, frames, times)
    seen, _ = read(path)
    shown = seen.times or range(seen.frames)
    scale = seen.time_base / info.time_base
    # Nothing else is in the file: its first frame is at time 0.
    if seen.times:
        assert [start + t * scale for t in shown] == times
    else:
        assert all(abs(i * scale - (t - start)) < 1 for i, t in zip(shown, times, strict=True))


def test_matroska_keeps_variable_times_to_the_millisecond(tmp_path):
    times = [0, 33, 66, 145]
    info, frames = clip(frames=4, times=times, time_base=Fraction(1, 1000))
    write(tmp_path / "a.mkv", info, frames, times)
    seen, back = read(tmp_path / "a.mkv")
    assert (seen.times, replace(seen.info, field_order=0)) == (tuple(times), info)
    assert same(frames, back)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".y4m"])
def test_constant_rates_come_back_exact(tmp_path, suffix, rate):
    info, frames = clip(frames=30, time_base=1 / rate)
    write(tmp_path / f"a{suffix}", info, frames)
    seen, back = read(tmp_path / f"a{suffix}")
    assert (seen.times, seen.time_base) == (None, 1 / rate)
    assert [frame.pts for frame in back] == list(range(30))


def test_a_pipe_is_y4m_and_read_once():
    info, frames = clip("yuv422p10le", (17, 15))
    pipe = io.BytesIO()
    with open_sink("-", info, None, stdout=pipe) as sink:
        for frame in frames:
            sink.write(frame)
    source = open_source("-", stdin=io.BytesIO(pipe.getvalue()))
    assert source.info == replace(info, frames=0)
    assert same(frames, list(source.frames()))
    with pytest.raises(Exception, match="read already"):
        next(source.frames())


@pytest.mark.parametrize("location", [0, 1, 2, 3])
def test_y4m_keeps_range_and_chroma_location(tmp_path, location):
    info, frames = clip(chroma_location=location, full_range=True)
    write(tmp_path / "a.y4m", info, frames)
    assert read(tmp_path / "a.y4m")[0].info == replace(info)


@pytest.mark.parametrize(("pixel_format", "made"), [("gbrp", "gbrp"), ("yuv420p10le", "gbrp16le")])
def test_a_folder_holds_upright_rgb(tmp_path, pixel_format, made):
    info, frames = clip(pixel_format, (17, 15), rotation=90)
    write(f"{tmp_path}/out/", info, frames)
    seen, back = read(tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir())[0] == "000000.png"
    assert (seen.info.pixel_format, seen.info.width, seen.info.height) == (made, 15, 17)
    turned = np.rot90(to_rgb(frames[0], info), -1)
    assert np.array_equal(to_rgb(back[0], seen.info), turned)


def test_one_image_goes_out_and_in(tmp_path):
    info, frames = clip("gbrp16le", (17, 15), frames=1)
    write(tmp_path / "a%03d.png", info, frames)
    with open_source(tmp_path / "a%03d.png") as source:
        assert source.kind == "image"
        assert scan(source, scene_threshold=None).frames == 1
        assert same(frames, list(source.frames()))


@pytest.mark.parametrize(
    ("name", "fields", "times", "remedy"),
    [
        ("a.y4m", {"pixel_format": "gbrp"}, None, "mkv"),
        ("a.mp4", {"pixel_format": "yuv420p12le"}, None, "mkv"),
        ("a.y4m", {}, [0, 1, 5], "mkv"),
        ("a.png", {}, None, "folder"),
        ("a.xyz", {}, None, "mp4"),
    ],
)
def test_what_an_output_cannot_hold_is_refused(tmp_path, name, fields, times, remedy):
    info, _ = clip(**fields)
    with pytest.raises(OutputError, match=remedy):
        open_sink(tmp_path / name, info, times)
    assert list(tmp_path.iterdir()) == []
