"""What of a source is read: a stream, a part, raw video, images at a rate; and what is refused."""

import os
import threading
from fractions import Fraction

import av
import numpy as np
import pytest
from clips import clip, h264, read, same, write

from ncodec.errors import InputError, UsageError
from ncodec.media import Reading, media_kind, open_source, scan
from ncodec.media.held import held


def with_sound(path, sound_at=Fraction(0), video_at=Fraction(0), frames=30, rate=25):
    """Two films of which the second is larger, and sound, each with its own start in seconds."""
    with av.open(str(path), "w") as container:
        tracks = []
        for size in (32, 64):
            track = container.add_stream("libx264", rate=rate, options={"bf": "0", "g": "6"})
            track.width, track.height, track.pix_fmt = size, 48, "yuv420p"
            tracks.append(track)
        sound = container.add_stream("pcm_s16le" if path.suffix != ".mp4" else "aac", rate=8000)
        samples = np.zeros((1, 8000), np.int16 if path.suffix != ".mp4" else np.float32)
        tone = av.AudioFrame.from_ndarray(samples, sound.codec_context.format.name, "mono")
        tone.sample_rate, tone.pts, tone.time_base = 8000, int(sound_at * 8000), Fraction(1, 8000)
        container.mux(sound.encode(tone))
        container.mux(sound.encode(None))
        for i in range(frames):
            for track in tracks:
                grey = np.full((48, track.width), 20 + 7 * i, np.uint8)
                picture = av.VideoFrame.from_ndarray(grey, "gray").reformat(format="yuv420p")
                picture.pts = i * 1000 + int(video_at * rate * 1000)
                picture.time_base = Fraction(1, rate * 1000)
                track.codec_context.time_base = picture.time_base
                container.mux(track.encode(picture))
        for track in tracks:
            container.mux(track.encode(None))
    return path


def shown(found):
    ticks = range(found.frames) if found.times is None else found.times
    return [tick * found.time_base for tick in ticks]


@pytest.mark.parametrize("suffix", [".mkv", ".mov"])
def test_a_video_that_starts_after_its_sound_keeps_its_offset(tmp_path, suffix):
    path = with_sound(tmp_path / f"a{suffix}", video_at=Fraction(1, 2))
    with open_source(path) as source:
        found = scan(source, scene_threshold=None)
        assert source.origin == 0
        assert [frame.pts for frame in source.frames()] == list(found.times)
    assert shown(found) == [Fraction(1, 2) + Fraction(i, 25) for i in range(30)]


def test_a_video_that_starts_before_its_sound_starts_at_0(tmp_path):
    path = with_sound(tmp_path / "a.mkv", sound_at=Fraction(1), video_at=Fraction(1, 2))
    with open_source(path) as source:
        found = scan(source, scene_threshold=None)
        assert (source.origin, found.times) == (Fraction(1, 2), None)


def test_a_stream_is_chosen_by_its_index(tmp_path):
    path = with_sound(tmp_path / "a.mkv")
    for index, width in ((0, 32), (1, 64)):
        with open_source(path, Reading(stream=index)) as source:
            assert source.info.width == width
    with pytest.raises(InputError, match=r"stream 2 of .* is no video: its video streams are 0, 1"):
        open_source(path, Reading(stream=2))


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".y4m", ".frames", ""])
def test_a_part_is_what_is_shown_in_it(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    info, frames = clip("gbrp" if suffix == "" else "yuv420p", frames=25)
    if suffix == ".frames":
        path = held(frames, info=info, fps=25).keep(tmp_path, lambda: False)
    elif suffix in (".mkv", ".mp4"):
        h264(path, 25, {"bf": "2", "g": "5"})
    else:
        write(
            path,
            info
            if suffix == ""
            else info.__class__(
                **{f: getattr(info, f) for f in info.__slots__} | {"time_base": Fraction(1, 25)}
            ),
            frames,
        )
    _, everything = read(path)
    found, part = read(path, start=Fraction("0.2"), end=0.5)
    assert (found.frames, found.times, found.info.frames) == (8, None, 8)
    assert all(
        np.array_equal(a.planes[0], b.planes[0])
        for a, b in zip(part, everything[5:13], strict=True)
    )
    assert read(path, start=0.9)[0].frames == 2
    assert read(path, end=0.04)[0].frames == 1
    with pytest.raises(
        InputError, match=r"shows no frame from 1 s on: its last one is shown at 0.96"
    ):
        read(path, start=1)


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts", "avi"])
@pytest.mark.parametrize(
    "options",
    [{"g": "8", "bf": "3", "x264-params": "open-gop=1"}, {"x264-params": "intra-refresh=1"}],
    ids=["open-gop", "intra-refresh"],
)
def test_a_part_deep_inside_is_the_same_as_of_the_whole(tmp_path, suffix, options):
    h264(tmp_path / f"a.{suffix}", 70, options)
    _, everything = read(tmp_path / f"a.{suffix}")
    for start in (26, 45):
        found, part = read(tmp_path / f"a.{suffix}", start=Fraction(start, 25), end=Fraction(2))
        assert (found.frames, found.times, found.notices) == (50 - start, None, ())
        assert all(
            np.array_equal(a.planes[0], b.planes[0])
            for a, b in zip(part, everything[start:50], strict=True)
        )


def test_a_part_of_a_film_with_sound_starts_where_it_was_said(tmp_path):
    path = with_sound(tmp_path / "a.mkv", video_at=Fraction(1, 2))
    with open_source(path, Reading(start=Fraction("0.51"), end=1)) as source:
        found = scan(source, scene_threshold=None)
        assert source.origin == Fraction("0.51")
    assert shown(found)[0] == Fraction("0.03")
    assert shown(found)[-1] == Fraction("0.47")


@pytest.mark.parametrize(
    ("layout", "pixel_format"),
    [
        ("yuv420p", "yuv420p"),
        ("nv12", "yuv420p"),
        ("rgb24", "gbrp"),
        ("yuyv422", "yuv422p"),
        ("yuv420p10le", "yuv420p10le"),
        ("gray", "gray"),
    ],
)
def test_raw_video_is_what_its_options_say(tmp_path, layout, pixel_format):
    size, rng = (18, 10), np.random.default_rng(0)
    options = {"size": size, "pixel_format": layout, "fps": Fraction(30000, 1001)}
    with av.open(str(tmp_path / "a.nut"), "w") as container:
        track = container.add_stream("rawvideo", rate=30)
        track.width, track.height, track.pix_fmt = *size, layout
        raw, frames = b"", []
        for i in range(4):
            noise = rng.integers(0, 255, (10, 18, 3), np.uint8)
            picture = av.VideoFrame.from_ndarray(noise, "rgb24").reformat(format=layout)
            picture.pts = i
            frames.append(picture)
            raw += b"".join(bytes(packet) for packet in track.encode(picture))
    path = tmp_path / "a.bin"
    path.write_bytes(raw)
    found, back = read(path, **options)
    assert (found.frames, found.info.pixel_format) == (4, pixel_format)
    assert (found.times, found.time_base, found.notices) == (None, Fraction(1001, 30000), ())
    expected = np.asarray(frames[2].reformat(format=pixel_format).planes[0]).reshape(10, -1)
    if layout == pixel_format:
        width = 18 * back[2].planes[0].itemsize
        assert np.array_equal(back[2].planes[0].view(np.uint8), expected.view(np.uint8)[:, :width])
    path.write_bytes(raw[:-1])
    found, _ = read(path, **options)
    (said,) = found.notices
    assert found.frames == 3
    assert "ends inside frame 3" in said
    with pytest.raises(InputError, match="ends inside frame 3"):
        read(path, strict=True, **options)


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ({"fps": 25}, r"--fps\) does not apply"),
        ({"size": (16, 16)}, r"--size\) does not apply"),
        ({"pixel_format": "gray"}, r"--pix-fmt\) does not apply"),
        ({"stream": 0}, r"--stream\) does not apply"),
    ],
)
def test_what_a_source_does_not_heed_is_refused(tmp_path, reading, said):
    write(tmp_path / "a.y4m", *clip())
    with pytest.raises(UsageError, match=said):
        read(tmp_path / "a.y4m", **reading)


@pytest.mark.parametrize(
    "reading",
    [{"stream": -1}, {"start": -1}, {"start": 2, "end": 1}, {"end": 0}, {"fps": 0},
     {"size": (0, 4)}, {"size": 5}, {"pixel_format": 7}, {"strict": 1}, {"start": "soon"}],
)  # fmt: skip
def test_values_that_no_reading_can_have_are_refused(reading):
    with pytest.raises(UsageError):
        Reading(**reading)


def test_raw_video_without_its_size_is_told_what_to_give(tmp_path):
    (tmp_path / "a.yuv").write_bytes(bytes(384))
    with pytest.raises(InputError, match="--size"):
        read(tmp_path / "a.yuv")
    with pytest.raises(InputError, match="pix_fmts"):
        read(tmp_path / "a.yuv", size=(16, 16), pixel_format="nv13")


@pytest.mark.parametrize("pattern", ["f_%03d.png", "f_%d.png", "f_*.png", ""])
def test_images_are_named_as_people_type_them_and_a_gap_is_said(tmp_path, pattern):
    numbers = [100, 101, 102, 105, 106]
    for number in numbers:
        write(tmp_path / f"f_{number}.png", *clip("gbrp", frames=1, seed=number))
    found, frames = read(tmp_path / pattern, fps=Fraction(10))
    assert (found.frames, found.time_base) == (5, Fraction(1, 10))
    assert np.array_equal(frames[3].planes[0], clip("gbrp", frames=1, seed=105)[1][0].planes[0])
    (said,) = found.notices
    assert said.endswith("lacks 2 pictures: after f_102.png comes f_105.png")
    with pytest.raises(InputError, match="lacks 2 pictures"):
        read(tmp_path / pattern, strict=True)


def test_names_that_do_not_count_have_no_gap(tmp_path):
    for name in ("a.png", "b.png", "z9.png"):
        write(tmp_path / name, *clip("gbrp", frames=1))
    assert read(tmp_path)[0].notices == ()


def test_patterns_are_films_where_they_count_or_have_a_rate(tmp_path):
    write(tmp_path / "f_1.png", *clip("gbrp", frames=1))
    assert media_kind(tmp_path / "f_%d.png") == "video"
    assert media_kind(tmp_path / "f_*.png") == "album"
    assert media_kind(tmp_path) == "album"
    assert media_kind(tmp_path, timed=True) == "video"
    assert media_kind(tmp_path / "f_*.png", timed=True) == "video"
    with pytest.raises(InputError, match="no image is called"):
        read(tmp_path / "g_%d.png")


def test_a_fifo_is_a_pipe(tmp_path):
    info, frames = clip()
    write(tmp_path / "a.y4m", info, frames)
    os.mkfifo(tmp_path / "pipe")
    data = (tmp_path / "a.y4m").read_bytes()
    for use in ("kept", "read"):
        writing = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(data,))
        writing.start()
        if use == "kept":
            (tmp_path / "plan").mkdir()
            path = held(tmp_path / "pipe").keep(tmp_path / "plan", lambda: False)
            assert same(read(path)[1], frames)
        else:
            with open_source(tmp_path / "pipe") as source:
                assert same(list(source.frames()), frames)
        writing.join()
