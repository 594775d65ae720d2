from fractions import Fraction

import av
import numpy as np
import pytest
from av.filter import Graph
from blake3 import blake3
from clips import clip, h264, read, same, write

from ncodec.errors import InputError
from ncodec.media import Frame, open_source, scan
from ncodec.media.frame import to_av


def test_a_scan_counts_and_finds_the_cut(film):
    seen = []
    with open_source(film) as source:
        assert source.info.frames == 0
        found = scan(source, scene_threshold=10, progress=seen.append)
    assert (found.frames, found.times, found.cuts) == (12, None, (6,))
    assert found.time_base == Fraction(1001, 30000)
    assert seen == list(range(1, 13))


@pytest.mark.parametrize("threshold", [2, 6, 10])
def test_cuts_are_those_of_libavfilter(tmp_path, threshold):
    rng = np.random.default_rng(3)
    # 64 wide: the filter's vector code reads past the end of narrow rows.
    info, _ = clip("gray", (64, 16), frames=40)
    base = np.cumsum(rng.choice([0, 1, 9, 40, 90], 40)) % 200
    frames = [Frame((np.full((16, 64), level, np.uint8),), i) for i, level in enumerate(base)]
    write(tmp_path / "a.mkv", info, frames)
    graph = Graph()
    graph.link_nodes(
        graph.add_buffer(
            width=64, height=16, format=av.VideoFormat("gray"), time_base=info.time_base
        ),
        graph.add("scdet", f"threshold={threshold}"),
        graph.add("buffersink"),
    ).configure()
    expected = []
    for i, frame in enumerate(frames):
        graph.vpush(to_av(frame, info))
        if "lavfi.scd.time" in graph.vpull().metadata:
            expected.append(i)
    with open_source(tmp_path / "a.mkv") as source:
        assert list(scan(source, scene_threshold=threshold).cuts) == expected
    assert expected


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p10le", "gbrp", "gray16le"])
def test_the_digest_is_of_the_planes(tmp_path, pixel_format):
    info, frames = clip(pixel_format, (17, 15))
    write(tmp_path / "a.mkv", info, frames)
    planes = b"".join(plane.tobytes() for frame in frames for plane in frame.planes)
    assert read(tmp_path / "a.mkv")[0].digest == blake3(planes).hexdigest()


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".y4m", ""])
@pytest.mark.parametrize("scanned", [False, True])
def test_any_range_is_the_same_frames(tmp_path, suffix, scanned):
    info, frames = clip(frames=9)
    path = tmp_path / f"a{suffix}"
    write(path, info, frames)
    with open_source(path) as source:
        if scanned:
            scan(source, scene_threshold=None)
        everything = list(source.frames())
        for first, count in ((0, 4), (4, None), (8, 1), (3, 5), (9, None), (2, 0)):
            stop = None if count is None else first + count
            assert same(list(source.frames(first, count)), everything[first:stop])


@pytest.mark.parametrize(
    "options",
    [
        {"g": "8", "bf": "3", "x264-params": "open-gop=1"},
        {"g": "10", "bf": "0"},
        {"g": "30", "x264-params": "intra-refresh=1", "bf": "0"},
        {"g": "250"},
    ],
    ids=["open-gop", "closed-gop", "intra-refresh", "one-gop"],
)
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_seeking_gives_the_frames_of_decoding(tmp_path, suffix, options):
    path = tmp_path / f"a.{suffix}"
    h264(path, frames=60, options=options)
    with open_source(path) as source:
        scan(source, scene_threshold=None)
        everything = list(source.frames())
        for first in (17, 18, 25, 31, 40, 41, 59):
            assert same(list(source.frames(first, 9)), everything[first : first + 9])


def test_variable_times_are_kept_by_every_later_pass(tmp_path):
    times = [0, 100, 250, 1000]
    info, frames = clip(frames=4, times=times, time_base=Fraction(1, 600))
    write(tmp_path / "a.mp4", info, frames, times)
    with open_source(tmp_path / "a.mp4") as source:
        found = scan(source, scene_threshold=None)
        shown = [frame.pts * found.time_base for frame in source.frames(1)]
        assert scan(source, scene_threshold=None) == found
    assert shown == [Fraction(t, 600) for t in times[1:]]


@pytest.mark.parametrize("name", ["img9.png img10.png", "a.png b.png"])
def test_images_come_in_natural_order(tmp_path, name):
    pictures = [clip("gbrp", frames=1, seed=seed) for seed in (1, 2)]
    for image, (info, frames) in zip(name.split(), pictures, strict=True):
        write(tmp_path / image, info, frames)
    _, back = read(tmp_path)
    assert [(f.planes[0] == p[1][0].planes[0]).all() for f, p in zip(back, pictures, strict=True)]
    with open_source(tmp_path) as source:
        assert (source.kind, source.info.frames, source.info.time_base) == (
            "video",
            2,
            Fraction(1, 25),
        )


def test_a_folder_of_one_image_is_an_image(tmp_path):
    write(tmp_path / "a.png", *clip("gbrp", frames=1))
    with open_source(tmp_path) as source:
        assert source.kind == "image"


def test_sound_with_a_cover_is_not_a_film(tmp_path, sound):
    with pytest.raises(InputError, match="no video"):
        open_source(sound)
