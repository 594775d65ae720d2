"""What stands around pictures in .mkv, .mp4 and pipes, as FFmpeg sees it."""

import io
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from clips import clip, read, same

from ncodec.formats import Hdr
from ncodec.media import open_sink, open_source, scan, to_rgb
from ncodec.media.matroska.excerpt import excerpt
from ncodec.media.matroska.stored import Stored
from ncodec.media.matroska.writer import COARSE, FINE, Block, MatroskaWriter

HDR10 = Hdr(
    (
        *(Fraction(n, 50000) for n in (34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450)),
        *(Fraction(1, 200), Fraction(1000)),
    ),
    (1000, 400),
)


def sent(spec, info, frames, times=None, **settings):
    """Writes a clip; returns what was warned of."""
    said = []
    with open_sink(spec, info, times, warn=said.append, **settings) as sink:
        for frame in frames:
            sink.write(frame)
    return said


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_hdr10_metadata_come_back(tmp_path, suffix):
    info, frames = clip("yuv420p10le", primaries=9, transfer=16, matrix=9)
    sent(tmp_path / f"a{suffix}", info, frames, hdr=HDR10)
    with open_source(tmp_path / f"a{suffix}") as source:
        scan(source, scene_threshold=None)
        assert source.hdr == HDR10


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
@pytest.mark.parametrize("aspect", [Fraction(4, 3), Fraction(12, 11), Fraction(64, 45)])
def test_the_stream_has_the_sample_aspect_ratio(tmp_path, aspect, suffix):
    info, frames = clip("yuv420p", (720, 576), frames=1, sample_aspect_ratio=aspect)
    sent(tmp_path / f"a{suffix}", info, frames)
    with av.open(str(tmp_path / f"a{suffix}")) as container:
        (stream,) = container.streams
        assert stream.sample_aspect_ratio == aspect
        assert not any("ASPECT" in name for name in stream.metadata)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_turned_and_mirrored_pictures_stay_so(tmp_path, suffix, rotation, mirrored):
    info, frames = clip(rotation=rotation, mirrored=mirrored)
    sent(tmp_path / f"a{suffix}", info, frames)
    assert replace(read(tmp_path / f"a{suffix}")[0].info, field_order=0) == info


@pytest.mark.parametrize("field_order", [1, 2, 3])
@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".y4m"])
def test_the_order_of_fields_comes_back(tmp_path, suffix, field_order):
    info, frames = clip("yuv420p", (32, 32), field_order=field_order)
    sent(tmp_path / f"a{suffix}", info, frames)
    assert read(tmp_path / f"a{suffix}")[0].info.field_order == field_order


def test_a_png_is_mirrored_and_then_turned(tmp_path):
    info, frames = clip("gbrp", (17, 15), frames=1, rotation=90, mirrored=True)
    sent(tmp_path / "a.png", info, frames)
    seen, back = read(tmp_path / "a.png")
    shown = np.rot90(to_rgb(frames[0], info)[:, ::-1], -1)
    assert np.array_equal(to_rgb(back[0], seen.info), shown)


@pytest.mark.parametrize(
    ("fields", "times", "settings"),
    [
        ({"pixel_format": "gbrp"}, None, {}),
        ({}, [0, 1, 5], {}),
        ({}, [3, 4, 5], {}),
        ({"rotation": 90}, None, {}),
        ({"mirrored": True}, None, {}),
        ({}, None, {"hdr": HDR10}),
        ({}, None, {"format": "mkv"}),
    ],
)
def test_a_pipe_gets_matroska_for_what_y4m_cannot_hold(tmp_path, fields, times, settings):
    info, frames = clip(times=times, **fields)
    pipe = io.BytesIO()
    assert sent(pipe, info, frames, times, **settings) == []
    (tmp_path / "a.mkv").write_bytes(pipe.getvalue())
    seen, back = read(tmp_path / "a.mkv")
    assert replace(seen.info, time_base=info.time_base) == info
    assert all(
        np.array_equal(p, q)
        for a, b in zip(frames, back, strict=True)
        for p, q in zip(a.planes, b.planes, strict=True)
    )


def test_y4m_says_what_it_has_no_place_for():
    info, frames = clip(rotation=90, mirrored=True, times=[5, 6, 7])
    pipe = io.BytesIO()
    (said,) = sent(pipe, info, frames, [5, 6, 7], hdr=HDR10, format="y4m")
    assert all(word in said for word in ("rotation", "mirroring", "HDR10", "start at"))
    assert pipe.getvalue().startswith(b"YUV4MPEG2 W16 H16 F30000:1001 ")


def test_a_stream_is_written_from_where_it_stands(tmp_path):
    info, frames = clip("gbrp")
    stream = io.BytesIO(b"head")
    stream.seek(4)
    sent(stream, info, frames)
    assert stream.getvalue()[:4] == b"head"
    (tmp_path / "a.mkv").write_bytes(stream.getvalue()[4:])
    assert same(frames, read(tmp_path / "a.mkv")[1])


def test_matroska_has_an_index_that_players_seek_by(tmp_path):
    info, frames = clip(frames=200)
    sent(tmp_path / "a.mkv", info, frames)
    with av.open(str(tmp_path / "a.mkv")) as container:
        (stream,) = container.streams
        container.seek(round(5 / stream.time_base), stream=stream)
        first = next(container.demux(stream))
        assert 4 <= first.pts * stream.time_base <= 5
        assert first.is_keyframe


@pytest.mark.parametrize("scale", [COARSE, FINE])
def test_blocks_come_back_as_they_were(scale):
    blocks = [
        Block(2, 0, b"first"),
        Block(3, 50 * COARSE, b"text", True, 900 * COARSE),
        Block(2, 40_000 * COARSE, b"x" * 70_000, False),
        Block(2, 39_990 * COARSE, b"", True, 7 * COARSE),
    ]
    stream = io.BytesIO()
    writer = MatroskaWriter(stream, [], scale=scale, title="A film")
    for block in blocks:
        writer.write(block)
    writer.finish()
    file = Stored(stream.getvalue())
    assert [replace(b, data=bytes(b.data)) for b in file.blocks()] == blocks
    assert (file.title, file.scale, file.duration) == ("A film", scale, 40_000 * COARSE)


def test_an_excerpt_shortens_what_is_shown_already():
    stream = io.BytesIO()
    writer = MatroskaWriter(stream, [])
    for time, duration in ((0, 100), (50, 100), (300, 10)):
        writer.write(Block(2, time * COARSE, b"text", True, duration * COARSE))
    writer.finish()
    assert list(Stored(excerpt(stream.getvalue(), 120 * COARSE, 300 * COARSE)).blocks()) == []
