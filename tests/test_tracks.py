"""Sound, subtitles, chapters, attachments and tags: into a .nc file and back, bit by bit."""

import io
import random
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from sounding import CHAPTERS, TEXTS, first_times, packets, sounding
from synthetic import TINY, film

import ncodec
from ncodec.errors import NcodecError, OutputError, TargetUnreachable, UsageError
from ncodec.formats import Reader, Writer

pytestmark = pytest.mark.usefixtures("plugins")

EXACT = {"codec": "rawplanes"}
FONT = ("font.ttf", "application/x-truetype-font", bytes(range(256)))


def coded(source, **settings):
    """The .nc file of `source`, and what was said meanwhile."""
    said = []

    def watch(event):
        if isinstance(event, ncodec.jobs.Noticed):
            said.append(event.message)

    path = source.with_suffix(".nc")
    ncodec.encode(source, path, watch=watch, **EXACT | settings)
    return path, said


def decoded(path, name, **settings):
    """What a .nc file decodes to, and what was warned of."""
    said = []
    output = path.with_name(name)
    ncodec.decode(path, output, warn=said.append, **settings)
    return output, said


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("aac", "a.mp4"),
        ("libmp3lame", "a.mkv"),
        ("libopus", "a.mkv"),
        ("flac", "a.mkv"),
        ("pcm_s16le", "a.mov"),
        ("ac3", "a.mp4"),
    ],
)
def test_packets_of_sound_come_back_bit_by_bit(tmp_path, codec, container):
    source = sounding(tmp_path / container, [codec])
    path, said = coded(source)
    assert not said
    for target in ("out.mkv", "out.mp4"):
        back, warned = decoded(path, target)
        assert not warned
        (before,), (after,) = packets(source), packets(back)
        assert [data for _, data in before] == [data for _, data in after]
        slips = [abs(a[0] - b[0]) for a, b in zip(before, after, strict=True)]
        assert max(slips) <= Fraction(1, 1000)


def test_mp4_takes_pcm_of_several_channels_whose_layout_matroska_leaves_open(tmp_path):
    source = sounding(tmp_path / "a.mov", ["pcm_s16le"], layout="stereo")
    back, warned = decoded(coded(source)[0], "out.mp4")
    assert not warned
    (before,), (after,) = packets(source), packets(back)
    assert b"".join(data for _, data in before) == b"".join(data for _, data in after)


def test_subtitles_that_last_to_the_next_ones_fit_into_mp4(tmp_path):
    source = sounding(tmp_path / "a.mkv", [], ["ass"])
    endless = tmp_path / "b.mkv"
    with av.open(str(source)) as film, av.open(str(endless), "w") as target:
        copies = [target.add_stream_from_template(stream) for stream in film.streams.video]
        copies.append(target.add_mux_stream("dvd_subtitle", width=64, height=48))
        target.start_encoding()
        for packet in film.demux():
            if packet.size:
                if packet.stream.type == "subtitle":
                    packet.duration = 2**32 - 1
                packet.stream = copies[packet.stream.index]
                target.mux(packet)
    back, warned = decoded(coded(endless)[0], "out.mp4")
    assert not warned
    assert [data for _, data in packets(back)[0]] == [data for _, data in packets(endless)[0]]


def test_times_of_sound_are_back_on_the_grid_of_its_samples(tmp_path):
    path, _ = coded(sounding(tmp_path / "a.mkv", ["aac"], rate=44100))
    (after,) = packets(decoded(path, "out.mp4")[0])
    assert {b[0] - a[0] for a, b in pairwise(after)} == {Fraction(1024, 44100)}


@pytest.mark.parametrize("container", ["a.mp4", "a.mkv", "a.ts"])
@pytest.mark.parametrize(("video_from", "audio_from"), [(0.52, 0), (0, 0.48)])
def test_offsets_between_streams_come_back(tmp_path, container, video_from, audio_from):
    source = sounding(tmp_path / container, video_from=video_from, audio_from=audio_from)
    path, _ = coded(source)
    for target in ("out.mkv", "out.mp4"):
        back, _ = decoded(path, target)
        assert first_times(back) == pytest.approx(first_times(source), abs=1e-3)


@pytest.mark.parametrize("frames", [12, 40])
def test_sound_of_joined_streams_jumps_with_the_pictures(tmp_path, frames):
    source = sounding(tmp_path / "a.ts", ["ac3"], frames=frames)
    source.write_bytes(3 * source.read_bytes())
    path, _ = coded(source)
    assert ncodec.probe(path).info.frames == 3 * frames
    (before,), (after,) = packets(source), packets(decoded(path, "out.mkv")[0])
    assert [data for _, data in before] == [data for _, data in after]
    part = len(after) // 3
    for number, (time, _) in enumerate(after[part:]):
        moved = time - after[number][0]
        # The first of a part is late where the part before lasts longer than its pictures.
        assert float(moved) == pytest.approx(frames / 25, abs=1e-3 if number % part else 0.03)
    back, _ = decoded(path, "out.mp4")
    assert len(packets(back)[0]) == 3 * part


def test_languages_chapters_attachments_and_tags_come_back_in_matroska(tmp_path):
    source = sounding(
        tmp_path / "a.mkv",
        ["aac", "libopus"],
        ["ass"],
        chapters=True,
        attachments=[FONT],
        tags={"title": "A film", "artist": "Somebody"},
    )
    path, said = coded(source)
    back, warned = decoded(path, "out.mkv")
    assert not said
    assert not warned
    assert [data for track in packets(back) for _, data in track] == [
        data for track in packets(source) for _, data in track
    ]
    with av.open(str(back)) as container:
        assert [s.language for s in container.streams.audio] == ["deu", "fra"]
        assert [c["metadata"] for c in container.chapters()] == [c["metadata"] for c in CHAPTERS]
        assert (container.metadata["title"], container.metadata["ARTIST"]) == ("A film", "Somebody")
        (attachment,) = container.streams.attachments
        assert (attachment.name, attachment.mimetype, attachment.data) == FONT


def test_mp4_names_what_it_cannot_hold_in_one_warning(tmp_path):
    source = sounding(
        tmp_path / "a.mkv", subtitles=["subrip", "ass"], chapters=True, attachments=[FONT]
    )
    back, warned = decoded(coded(source)[0], "out.mp4")
    (warning,) = warned
    assert "ass" in warning
    assert "font.ttf" in warning
    assert "subrip" not in warning
    with av.open(str(back)) as container:
        assert [c["metadata"]["title"] for c in container.chapters()] == ["One", "Two"]
        (text,) = container.streams.subtitles
        assert text.codec_context.name == "mov_text"


def test_timed_text_of_mp4_comes_back(tmp_path):
    source = sounding(tmp_path / "a.mp4", subtitles=["mov_text"])
    path, _ = coded(source)
    assert packets(source)[1] == packets(decoded(path, "out.mp4")[0])[1]
    assert [data for _, data in packets(decoded(path, "out.mkv")[0])[1]] == [b"Hello"]


def test_styles_of_timed_text_are_said_to_be_left_out(tmp_path, monkeypatch):
    monkeypatch.setitem(TEXTS, "mov_text", b"\0\5Hello\0\0\0\x0chlit\0\0\0\1")
    _, (said,) = coded(sounding(tmp_path / "a.mp4", subtitles=["mov_text"]))
    assert "plain text" in said


@pytest.mark.parametrize("kind", ["audio", "subtitles", "chapters", "attachments", "tags"])
def test_each_kind_can_be_left_out(tmp_path, kind):
    source = sounding(
        tmp_path / "a.mkv",
        subtitles=["subrip"],
        chapters=True,
        attachments=[FONT],
        tags={"title": "A film"},
    )
    path, said = coded(source, **{kind: False})
    assert not said
    with av.open(str(decoded(path, "out.mkv")[0])) as container:
        there = {
            "audio": container.streams.audio,
            "subtitles": container.streams.subtitles,
            "chapters": container.chapters(),
            "attachments": container.streams.attachments,
            "tags": "title" in container.metadata,
        }
    assert [name for name, found in there.items() if not found] == [kind]


def test_a_film_of_pictures_alone_has_no_box_for_tracks(tmp_path):
    path, _ = coded(film(tmp_path / "a.mkv"))
    with ncodec.open(path) as clip:
        assert clip.tracks is None
    assert "tracks" not in ncodec.probe(path).breakdown()


def test_what_cannot_be_copied_is_said_and_kept_in_the_file(tmp_path):
    source = sounding(tmp_path / "a.avi", ["adpcm_ms"])
    path, said = coded(source)
    assert len(said) == 1
    assert "adpcm_ms" in said[0]
    assert ncodec.probe(path).meta["notices"] == said


def test_the_tracks_are_listed_with_their_bytes(tmp_path):
    source = sounding(tmp_path / "a.mkv", ["aac"], ["subrip"], chapters=True, attachments=[FONT])
    probed = ncodec.probe(coded(source)[0])
    listed = {part.kind: part for part in probed.tracks}
    assert (listed["audio"].codec, listed["audio"].language) == ("A_AAC", "deu")
    assert listed["audio"].size == sum(len(data) for _, data in packets(source)[0])
    assert (listed["attachment"].name, listed["attachment"].size) == (FONT[0], len(FONT[2]))
    assert listed["chapters"].count == 2
    assert sum(probed.breakdown().values()) == probed.size


@pytest.mark.parametrize("name", ["s.mka", "s.mkv", "s.m4a", "s.mp4", "s.aac"])
def test_sound_alone_comes_without_decoding_a_frame(tmp_path, name, monkeypatch):
    path, _ = coded(sounding(tmp_path / "a.mp4", chapters=True))
    monkeypatch.setattr(ncodec.files.clip.Clip, "_decode", None)
    output, _ = decoded(path, name, only="audio")
    with av.open(str(output)) as container:
        assert [stream.type for stream in container.streams][:1] == ["audio"]
    if name != "s.aac":
        assert [d for _, d in packets(output)[0]] == [d for _, d in packets(tmp_path / "a.mp4")[0]]


def test_sound_alone_of_a_silent_clip_is_refused(tmp_path):
    path, _ = coded(film(tmp_path / "a.mkv"))
    with pytest.raises(UsageError, match="has no sound"):
        ncodec.decode(path, tmp_path / "s.mka", only="audio")


def test_sound_that_a_format_cannot_hold_is_refused(tmp_path):
    path, _ = coded(sounding(tmp_path / "a.mkv", ["aac"]))
    with pytest.raises(OutputError, match="write a"):
        ncodec.decode(path, tmp_path / "s.flac", only="audio")
    assert not list(tmp_path.glob("s.*"))


def test_an_excerpt_has_the_sound_of_its_frames(tmp_path):
    source = sounding(tmp_path / "a.mkv", ["pcm_s16le"], ["subrip"], chapters=True)
    back, _ = decoded(coded(source)[0], "out.mkv", frames=slice(8, 16))
    start, end = Fraction(8, 25), Fraction(16, 25)
    expected = [data for when, data in packets(source)[0] if start <= when < end]
    sound, text = packets(back)
    assert [data for _, data in sound] == expected
    assert text[0][0] == 0
    with av.open(str(back)) as container:
        assert [(c["start"] * c["time_base"]) for c in container.chapters()] == [0, Fraction(2, 25)]


def test_a_part_of_a_source_has_the_sound_and_the_chapters_of_its_time(tmp_path):
    source = sounding(tmp_path / "a.mkv", ["pcm_s16le"], ["subrip"], chapters=True)
    path, _ = coded(source, start=0.32, end=0.64)
    back, _ = decoded(path, "out.mkv")
    expected = [
        data for when, data in packets(source)[0] if Fraction(3, 10) < when < Fraction(64, 100)
    ]
    sound, text = packets(back)
    assert [data for _, data in sound] == expected
    assert text[0][0] == 0
    with av.open(str(back)) as container:
        times = [
            (c["start"] * c["time_base"], c["end"] * c["time_base"]) for c in container.chapters()
        ]
    assert times == [(0, Fraction(2, 25)), (Fraction(2, 25), Fraction(8, 25))]


def test_frames_that_do_not_follow_each_other_have_no_sound(tmp_path):
    path, _ = coded(sounding(tmp_path / "a.mkv"))
    back, warned = decoded(path, "out.mkv", frames=slice(0, 20, 2))
    assert len(warned) == 1
    assert packets(back) == []


@pytest.mark.parametrize("target", ["out.y4m", "out"])
def test_what_holds_pictures_only_says_that_the_sound_is_left_out(tmp_path, target):
    path, _ = coded(sounding(tmp_path / "a.mkv"))
    (warning,) = decoded(path, target)[1]
    assert "the sound" in warning


def test_a_pipe_gets_matroska_where_there_is_sound_and_y4m_where_asked(tmp_path):
    source = sounding(tmp_path / "a.mkv")
    path, _ = coded(source)
    pipe = io.BytesIO()
    ncodec.decode(path, pipe)
    (tmp_path / "pipe.mkv").write_bytes(pipe.getvalue())
    assert packets(tmp_path / "pipe.mkv") == packets(source)
    plain, said = io.BytesIO(), []
    ncodec.decode(path, plain, format="y4m", warn=said.append)
    assert plain.getvalue().startswith(b"YUV4MPEG2")
    assert len(said) == 1


def test_a_target_size_counts_the_tracks(tmp_path):
    source = sounding(tmp_path / "a.mkv", ["pcm_s16le"])
    with pytest.raises(TargetUnreachable, match="--no-audio"):
        coded(source, target_size=20_000, **TINY)
    done = ncodec.encode(source, tmp_path / "b.nc", target_size=20_000, audio=False, **TINY)
    assert done.size <= 20_000


def test_damaged_tracks_leave_the_pictures(tmp_path):
    path, _ = coded(sounding(tmp_path / "a.mkv"))
    with ncodec.formats.Reader(path) as reader:
        box = next(box for box in reader.boxes if box.type == "mka_")
    data = bytearray(path.read_bytes())
    data[box.offset + 200] ^= 1
    path.write_bytes(data)
    back, warned = decoded(path, "out.mkv")
    assert len(warned) == 1
    assert "left out" in warned[0]
    assert packets(back) == []
    report = ncodec.repair(path, tmp_path / "repaired.nc")
    assert report.lost_boxes == ("mka_",)


def test_tracks_that_are_no_matroska_are_one_sentence(tmp_path):
    path, _ = coded(sounding(tmp_path / "a.mkv"))
    with Reader(path) as reader:
        header, tracks = reader.header, reader.mka
        segments = [reader.read_segment(entry.index) for entry in reader.segments]
    refused = 0
    # The first two are refused by FFmpeg alone.
    for offset in (7, 12, *random.Random(0).sample(range(600), 30)):
        spoiled = bytearray(tracks)
        spoiled[offset] = 0xFF
        forged = io.BytesIO()
        writer = Writer(forged, header)
        for segment in segments:
            writer.segment(segment)
        writer.mka(bytes(spoiled))
        writer.finish()
        try:
            ncodec.decode(forged.getvalue(), tmp_path / "s.m4a", only="audio", threads=1)
        except NcodecError:
            refused += 1
    assert refused >= 2


def test_a_cover_picture_comes_back(tmp_path):
    picture = io.BytesIO()
    with av.open(picture, "w", format="image2pipe") as container:
        track = container.add_stream("png", rate=1)
        track.width, track.height, track.pix_fmt = 16, 16, "rgb24"
        container.mux(track.encode(av.VideoFrame(16, 16, "rgb24")))
        container.mux(track.encode(None))
    cover = ("cover.png", "image/png", picture.getvalue())
    path, said = coded(sounding(tmp_path / "a.mkv", attachments=[cover]))
    assert not said
    for name in ("out.mkv", "out.mp4"):
        with av.open(str(decoded(path, name)[0])) as container:
            films = container.streams.video
            shown = [s for s in films if s.disposition & av.stream.Disposition.attached_pic]
            assert [s.codec_context.name for s in shown] == ["png"]
