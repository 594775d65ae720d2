"""Damaged, cut and joined sources: what FFmpeg decodes is coded, and what is missing is said."""

import io
from fractions import Fraction

import av
import numpy as np
import PIL.Image
import pytest
from clips import clip, h264, read, same, write

from ncodec.errors import InputError
from ncodec.media import Reading, film, open_sink, open_source, scan

PACKET = 188
"""Bytes of a packet of a transport stream."""


def stream(path, frames=50, **options):
    h264(path, frames, {"g": "10", "bf": "0", "preset": "ultrafast", **options})
    return path


def spoiled(path, change):
    data = bytearray(path.read_bytes())
    path.write_bytes(change(data, len(data) // PACKET))
    return path


def refused_if_strict(path):
    with pytest.raises(InputError, match="leave --strict out") as error:
        read(path, strict=True)
    assert "\n" not in str(error.value)


def seconds(found):
    ticks = range(found.frames) if found.times is None else found.times
    return [tick * found.time_base for tick in ticks]


@pytest.mark.parametrize("suffix", [".mkv", ".y4m"])
@pytest.mark.parametrize("kept", [0.6, 0.9])
def test_of_a_film_cut_short_what_is_there_is_coded_and_the_rest_is_said(tmp_path, suffix, kept):
    path = tmp_path / f"a{suffix}"
    info, frames = clip(size=(64, 48), frames=30)
    write(path, info, frames)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    found, back = read(path)
    assert 30 * kept - 2 <= found.frames < 30
    assert same(back[:-1], frames[: found.frames - 1])
    assert any(
        "cut short" in said or "ends inside" in said or "says 30" in said for said in found.notices
    )
    with pytest.raises(InputError):
        read(path, strict=True)


def test_an_index_that_promises_more_frames_is_said(remuxed):
    path = remuxed("fast.mp4", {"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    found, _ = read(path)
    assert 10 < found.frames < 30
    assert any("its index says 30" in said for said in found.notices)
    refused_if_strict(path)


def test_a_pipe_that_ends_inside_a_frame_gives_its_whole_frames():
    info, frames = clip()
    pipe = io.BytesIO()
    with open_sink("-", info, None, stdout=pipe) as sink:
        for frame in frames:
            sink.write(frame)
    cut = pipe.getvalue()[:-1]
    source = open_source("-", stdin=io.BytesIO(cut))
    assert same(list(source.frames()), frames[:2])
    assert source.notices == ["standard input ends inside frame 2, after 2 whole ones"]
    source = open_source("-", Reading(strict=True), stdin=io.BytesIO(cut))
    with pytest.raises(InputError, match="ends inside frame 2"):
        list(source.frames())


def test_a_statistics_tag_that_went_stale_does_not_count(tmp_path):
    path, tagged = stream(tmp_path / "a.mkv"), tmp_path / "b.mkv"
    with av.open(str(path)) as source, av.open(str(tagged), "w") as target:
        film = source.streams.video[0]
        copy = target.add_stream_from_template(film)
        copy.metadata["NUMBER_OF_FRAMES"] = "500"
        for packet in source.demux(film):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    found, _ = read(tagged)
    (said,) = found.notices
    assert (found.frames, found.times) == (50, None)
    assert "says 500" in said
    refused_if_strict(tagged)


def test_transport_streams_that_were_joined_go_on_without_the_jump(tmp_path):
    path = spoiled(stream(tmp_path / "a.ts"), lambda data, _: data + data)
    found, frames = read(path)
    assert (found.frames, found.times, found.time_base) == (100, None, Fraction(1, 25))
    assert any("jump from 1.96 to 0 s at frame 50" in said for said in found.notices)
    assert all(
        np.array_equal(a.planes[0], b.planes[0])
        for a, b in zip(frames[:50], frames[50:], strict=True)
    )
    refused_if_strict(path)


def test_a_transport_stream_cut_in_the_middle_keeps_its_times_and_says_the_gap(tmp_path):
    path = spoiled(
        stream(tmp_path / "a.ts"),
        lambda data, n: data[: n // 3 * PACKET] + data[n // 2 * PACKET :],
    )
    found, _ = read(path)
    shown = seconds(found)
    assert 30 < found.frames < 50
    assert shown[-1] == Fraction(49, 25)
    assert any("seems to lack frames" in said for said in found.notices)
    refused_if_strict(path)


def test_a_stream_that_begins_amid_a_group_starts_at_its_first_whole_picture(tmp_path):
    path = spoiled(stream(tmp_path / "a.ts"), lambda data, n: data[n // 10 * PACKET :])
    found, _ = read(path)
    assert (found.frames, found.times) == (40, None)
    assert any("begins amid pictures" in said for said in found.notices)
    refused_if_strict(path)


def test_damage_is_concealed_and_every_pass_gives_the_same_frames(tmp_path):
    path = stream(tmp_path / "a.ts", frames=60, bf="2")

    def zeroed(data, n):
        data[n // 2 * PACKET : (n // 2 + 2) * PACKET] = bytes(2 * PACKET)
        return data

    spoiled(path, zeroed)
    with open_source(path) as source:
        found = scan(source, scene_threshold=None)
        frames = list(source.frames())
        assert any("is damaged near frame" in said for said in found.notices)
        for first in (17, 30, 50):
            assert same(list(source.frames(first)), frames[first:])
    assert read(path)[0] == found
    refused_if_strict(path)


def test_an_image_that_ends_early_is_taken_as_far_as_it_goes_and_said(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for i in range(3):
        PIL.Image.fromarray(noise).save(tmp_path / f"{i}.jpg")
    (tmp_path / "1.jpg").write_bytes((tmp_path / "1.jpg").read_bytes()[:-900])
    found, _ = read(tmp_path)
    (said,) = found.notices
    assert found.frames == 3
    assert "1.jpg is cut short or damaged:" in said
    refused_if_strict(tmp_path)


def test_a_source_in_which_nothing_decodes_is_refused(tmp_path):
    path = spoiled(stream(tmp_path / "a.ts"), lambda data, n: data[: 3 * PACKET])
    with pytest.raises(InputError):
        read(path)


@pytest.mark.parametrize("options", [{"bf": "2"}, {"bf": "3", "x264-params": "b-pyramid=normal"}])
@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
def test_an_avi_with_b_frames_plays_at_its_rate_from_0(tmp_path, options, codec):
    rng = np.random.default_rng(0)
    with av.open(str(tmp_path / "a.avi"), "w") as container:
        if codec == "mpeg4":
            options = {"bf": options["bf"]}
        track = container.add_stream(codec, rate=25, options=options)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for i in range(30):
            picture = av.VideoFrame.from_ndarray(
                rng.integers(0, 255, (48, 64), np.uint8), "gray"
            ).reformat(format="yuv420p")
            picture.pts, picture.time_base = i, Fraction(1, 25)
            container.mux(track.encode(picture))
        container.mux(track.encode(None))
    found, _ = read(tmp_path / "a.avi", strict=True)
    assert (found.frames, found.times, found.time_base) == (30, None, Fraction(1, 25))
    assert found.notices == ()


def test_a_size_that_changes_is_refused_with_advice(tmp_path):
    one, two = tmp_path / "a.ts", tmp_path / "b.ts"
    for path, size in ((one, (64, 48)), (two, (48, 64))):
        write(path.with_suffix(".mkv"), *clip(size=size, frames=3))
        with (
            av.open(str(path.with_suffix(".mkv"))) as source,
            av.open(str(path), "w", format="mpegts") as target,
        ):
            track = target.add_stream("mpeg2video", rate=25)
            track.width, track.height, track.pix_fmt = *size, "yuv420p"
            for i, picture in enumerate(source.decode(video=0)):
                picture.pts, picture.time_base = i, Fraction(1, 25)
                target.mux(track.encode(picture))
            target.mux(track.encode(None))
    one.write_bytes(one.read_bytes() + two.read_bytes())
    with pytest.raises(InputError, match=r"48x64 .* first one is 64x48 .*scale=64:48"):
        read(one)


def test_tags_of_old_programs_are_read_as_latin_1(tmp_path):
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Cafe-"
        track = container.add_stream("mpeg4", rate=25)
        track.width, track.height, track.pix_fmt = 32, 24, "yuv420p"
        container.mux(track.encode(av.VideoFrame(32, 24, "yuv420p")))
        container.mux(track.encode(None))
    path.write_bytes(path.read_bytes().replace(b"Cafe-", b"Caf\xe9-"))
    with open_source(path) as source:
        assert scan(source, scene_threshold=None).frames == 1
    with film.opened(path) as container:
        assert container.metadata["title"] == "Caf\u00e9-"
