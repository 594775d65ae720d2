import json
import os
import re
import shlex
import subprocess
from dataclasses import replace

import av
import pytest
from synthetic import film, read

from ncodec.errors import InputError, MissingDependency, OutputError, UsageError
from ncodec.eval.anchors import video
from ncodec.eval.anchors.decode import decode
from ncodec.eval.anchors.encode import encode
from ncodec.eval.anchors.video import anchor_settings
from ncodec.formats import VideoInfo
from ncodec.media.quality import mean_psnr, planes_psnr

QUICK = ["x264-medium", "x265-medium", "svtav1-preset-6"]


@pytest.fixture
def clip(tmp_path):
    return film(tmp_path / "clip.mkv", frames=10, size=(64, 48), cuts=(5,))


def setting(name):
    (found,) = anchor_settings([name])
    return found


def luma_psnr(path, source):
    (info, frames), (_, wanted) = read(path), read(source)
    pairs = zip(frames, wanted, strict=True)
    return mean_psnr([planes_psnr(a.planes, b.planes, info)[0] for a, b in pairs])


def packets(path):
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def said(path, encoder):
    """What x264 and x265 write into the film about their settings."""
    return re.search(encoder.encode() + rb"[ -~]+options: ([ -~]+)", path.read_bytes())


@pytest.mark.parametrize("name", QUICK)
def test_crf_trades_bytes_for_psnr(clip, tmp_path, name):
    line = setting(name)
    coarse, fine = (
        encode(line, crf, 10, clip, tmp_path / f"{crf}.mp4") for crf in (line.crfs[0], 20)
    )
    assert coarse.frames == fine.frames == 10
    assert coarse.bytes < fine.bytes == (tmp_path / "20.mp4").stat().st_size
    psnr = [luma_psnr(tmp_path / f"{crf}.mp4", clip) for crf in (line.crfs[0], 20)]
    assert psnr[0] + 3 < psnr[1] > 40


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("keyint", [1, 4, 10, 99])
def test_keyframes_are_at_multiples_of_the_interval_and_nowhere_else(clip, tmp_path, name, keyint):
    encode(setting(name), 30, keyint, clip, tmp_path / "a.mp4")
    keys = [p.pts * p.time_base * 25 for p in packets(tmp_path / "a.mp4") if p.is_keyframe]
    assert keys == list(range(0, 10, keyint))


@pytest.mark.parametrize("name", QUICK)
def test_packets_and_container_add_up_to_the_file(clip, tmp_path, name):
    path = tmp_path / "a.mp4"
    found = encode(setting(name), 30, 10, clip, path)
    data = path.read_bytes()
    start = data.index(b"mdat") - 4
    size = int.from_bytes(data[start : start + 4], "big") - 8
    assert found.packets == video.packet_bytes(path) == size < found.bytes == len(data)


@pytest.mark.parametrize("name", QUICK)
def test_ten_bits_stay_ten_bits(tmp_path, name):
    clip = film(tmp_path / "deep.mkv", frames=2, size=(64, 64), pixel_format="yuv420p10le")
    encode(setting(name), 20, 2, clip, tmp_path / "a.mp4")
    assert read(tmp_path / "a.mp4")[0].pixel_format == "yuv420p10le"
    assert luma_psnr(tmp_path / "a.mp4", clip) > 40


@pytest.mark.parametrize("name", QUICK)
def test_colour_rate_and_aspect_are_kept(tmp_path, name):
    colour = {"primaries": 9, "transfer": 16, "matrix": 9, "full_range": True}
    clip = film(tmp_path / "clip.mkv", frames=3, size=(64, 64), **colour)
    encode(setting(name), 30, 3, clip, tmp_path / "a.mp4")
    # H.264 states that frames are progressive, which FFV1 leaves open.
    assert replace(read(tmp_path / "a.mp4")[0], field_order=0) == read(clip)[0]


def test_frame_times_that_vary_are_kept(tmp_path):
    times = (0, 1, 4, 5, 9, 10)
    clip = film(tmp_path / "clip.mkv", frames=6, size=(64, 64), times=times)
    encode(setting("x264-medium"), 30, 6, clip, tmp_path / "a.mp4")
    info, frames = read(tmp_path / "a.mp4")
    assert [frame.pts * info.time_base * 25 for frame in frames] == list(times)


def test_x264_does_as_it_is_told(clip, tmp_path):
    path = tmp_path / "a.mp4"
    for name in ("x264-medium", "x264-veryslow"):
        encode(replace(setting(name), filter=""), 30, 10, clip, path)
        options = set(said(path, "x264")[1].decode().split())
        assert options >= {"keyint=10", "scenecut=0", "open_gop=0", "psy=0", "rc=crf", "crf=30.0"}
        assert options >= {"aq=1:0.00", "threads=1"}
        assert ("bframes=8" if "slow" in name else "bframes=3") in options


def test_x265_does_as_it_is_told(clip, tmp_path):
    path = tmp_path / "a.mp4"
    for name in ("x265-medium", "x265-veryslow"):
        line = setting(name)
        encode(replace(line, params=line.params.replace("info=0", "info=1")), 30, 10, clip, path)
        options = set(said(path, "x265")[1].decode().split())
        assert options >= {"keyint=10", "min-keyint=10", "scenecut=0", "no-open-gop", "rc=crf"}
        assert options >= {"crf=30.0", "psy-rd=0.00", "psy-rdoq=0.00", "aq-strength=0.00"}
        assert ("bframes=8" if "slow" in name else "bframes=4") in options


@pytest.mark.parametrize(
    ("name", "order"),
    [("svtav1-preset-4", "random access"), ("svtav1-preset-4-low-delay", "low delay")],
)
def test_svtav1_does_as_it_is_told(clip, tmp_path, name, order):
    ran = subprocess.run(
        video.command(setting(name), 40, 10, clip, tmp_path / "a.mp4", 1),
        env={**os.environ, "SVT_LOG": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f": 4 / PSNR / {order}\n" in ran.stderr
    assert re.search(r"gop size .*: 10 / \d+ / key frame\n", ran.stderr)
    # With neither lookahead nor adaptive quantisation, as for so few pixels, crf is a constant QP.
    assert re.search(r"(CRF|CQP) / 40\.00", ran.stderr)


@pytest.mark.parametrize("name", ["x264", "x265"])
def test_files_do_not_tell_how_they_were_made(clip, tmp_path, name):
    encode(anchor_settings([name])[0], 30, 7, clip, tmp_path / "a.mp4")
    assert said(tmp_path / "a.mp4", name) is None


@pytest.mark.parametrize("name", ["x264-veryslow", "x265-veryslow", "svtav1-preset-4"])
def test_only_low_delay_lines_code_in_display_order(clip, tmp_path, name):
    for suffix, delayed in (("", "svt" not in name), ("-low-delay", False)):
        encode(setting(name + suffix), 30, 10, clip, tmp_path / "a.mp4")
        # AV1 hides its reordering in packets of several frames.
        found = packets(tmp_path / "a.mp4")
        assert any(p.pts != p.dts for p in found) == delayed
        assert len(found) == 10


def test_odd_sizes_are_refused_or_coded(tmp_path):
    clip = film(tmp_path / "odd.mkv", frames=2, size=(65, 67))
    for name in ("x264-medium", "x265-medium"):
        with pytest.raises(InputError, match=r"is 65x67, and .* takes only even sizes"):
            encode(setting(name), 30, 2, clip, tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()
    encode(setting("svtav1-preset-6"), 20, 2, clip, tmp_path / "a.mp4")
    assert luma_psnr(tmp_path / "a.mp4", clip) > 38


@pytest.mark.parametrize("layout", ["gbrp", "gray", "yuv420p16le"])
def test_pixel_formats_that_no_anchor_takes_are_refused(layout):
    info = VideoInfo(64, 64, 1, 1, layout)
    for line in video.SETTINGS:
        with pytest.raises(InputError, match=f"clip is {layout}.* convert it to one of yuv420p,"):
            line.check(info, "clip")


def test_a_name_is_an_encoder_or_a_line():
    names = [line.name for line in anchor_settings(["svtav1", "x264", "x264-medium"])]
    assert names == ["svtav1 preset 6", "svtav1 preset 4", "x264 medium", "x264 veryslow"]
    assert setting("x265-veryslow-low-delay").low_delay
    with pytest.raises(UsageError, match=r"'x266' is no anchor: choose among x264, .*x265-medium"):
        anchor_settings(["x266"])


def test_a_missing_encoder_is_named(monkeypatch):
    monkeypatch.setattr(video, "_codecs", lambda: {"libx264"})
    assert anchor_settings(["x264"])
    with pytest.raises(MissingDependency, match=r"libsvtav1.* python -m pip install"):
        anchor_settings(["x264", "svtav1"])


def test_settings_are_whole():
    assert video.SETTINGS_VERSION >= 1
    assert len({line.name for line in video.SETTINGS}) == len(video.SETTINGS)
    for line in video.SETTINGS:
        assert list(line.crfs) == sorted(set(line.crfs), reverse=True)
        assert len(line.crfs) >= 4
        assert "{" not in "".join(line.options(30, 8, 2).values())


def test_the_ffmpeg_line_has_the_same_options(tmp_path):
    line = setting("x265-veryslow")
    words = shlex.split(video.ffmpeg_line(line, 30, 8, tmp_path / "a b.mkv", tmp_path / "c.mp4"))
    given = dict(zip(words[1:-1:2], words[2:-1:2], strict=True))
    assert given["-i"] == str(tmp_path / "a b.mkv")
    assert given["-c:v"] == "libx265"
    assert given["-crf"] == "30"
    assert given["-x265-params"].startswith("keyint=8:min-keyint=8:scenecut=0:open-gop=0")


def test_fresh_processes_print_a_line_of_json(clip, tmp_path):
    path = tmp_path / "a.mp4"
    line = video.command(setting("svtav1-preset-6"), 40, 10, clip, path, 1)
    ran = subprocess.run(line, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    assert json.loads(ran.stdout).keys() == {"frames", "bytes", "packets", "seconds", "reading"}
    ran = subprocess.run(video.decode_command(path, 1), capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)["frames"] == 10
    ran = subprocess.run(
        video.command(setting("x264-medium"), 40, 10, tmp_path / "none.mkv", path, 1),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == InputError.exit_code
    assert ran.stdout == ""
    assert ran.stderr.startswith("ncodec: ")
    assert ran.stderr.count("\n") == 1


def test_a_crf_beyond_the_encoders_scale_is_refused(clip, tmp_path):
    with pytest.raises(UsageError, match="crf 52 is out of range: x264 medium has 0 to 51"):
        encode(setting("x264-medium"), 52, 10, clip, tmp_path / "a.mp4")


def test_outputs_that_cannot_be_written_are_an_error(clip, tmp_path):
    with pytest.raises(OutputError):
        encode(setting("x264-medium"), 30, 10, clip, tmp_path / "none" / "a.mp4")
    with pytest.raises(UsageError):
        encode(setting("x264-medium"), 30, 10, clip, clip)


def test_a_damaged_film_is_no_measurement(clip, tmp_path):
    path = tmp_path / "a.mp4"
    encode(setting("x264-medium"), 30, 10, clip, path)
    assert decode(path).frames == 10
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError):
        decode(path)
    with pytest.raises(InputError):
        decode(tmp_path / "none.mp4")


@pytest.mark.parametrize("name", ["x264-veryslow", "x265-veryslow"])
def test_lines_tuned_for_ssim_are_taken_when_named(name):
    usual, other = setting(name), setting(f"{name}-tune-ssim")
    assert usual.options(30, 8, 1) | {"tune": "ssim"} == other.options(30, 8, 1)
    assert usual.options(30, 8, 1)["tune"] == "psnr"
    assert usual in anchor_settings([usual.encoder])
    assert other not in anchor_settings([usual.encoder])


@pytest.mark.parametrize(("suffix", "number"), [("", 1), ("-tune-ssim", 2)])
def test_svtav1_has_numbers_for_tunes(suffix, number):
    params = setting(f"svtav1-preset-4{suffix}").options(30, 8, 1)["svtav1-params"]
    assert f"tune={number}" in params.split(":")
