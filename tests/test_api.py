"""The Python API as a user meets it."""

import io
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from synthetic import TINY, film, read, same_planes

import ncodec
from ncodec import errors
from ncodec.errors import DamagedFile, InputError, UsageError

PUBLIC = """
    Album Clip CodecFailed CodecInfo DamagedFile DeviceError Event FeatureFile Finished Frame
    FrameBatch Image InputError Interrupted LimitExceeded MissingDependency NcodecError
    OutputError Probe Report SegmentInfo TargetUnreachable UnsupportedFormat UsageError
    Verification VerificationFailed VideoInfo __version__ codecs compare decode encode open
    probe repair train verify
"""


def test_the_public_names_are_these():
    assert ncodec.__all__ == PUBLIC.split()
    assert dir(ncodec) == sorted(ncodec.__all__)
    assert all(getattr(ncodec, name) for name in ncodec.__all__)
    with pytest.raises(AttributeError, match="no attribute 'compress'"):
        ncodec.compress  # noqa: B018


def test_every_error_is_public():
    assert set(errors.__all__) <= set(ncodec.__all__)


OPENING = """
import sys, ncodec
assert not {"numpy", "click"} & set(sys.modules)
ncodec.open
heavy = {"torch", "av", "PIL", "ncodec.jobs", "ncodec.jobs.executors", "ncodec.eval", "ncodec.api"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_opening_loads_no_jobs_and_no_media_libraries():
    ran = subprocess.run([sys.executable, "-c", OPENING], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


STILL = """
import sys
import ncodec
done = ncodec.encode({source!r})
with ncodec.open(done.data) as album:
    album[0]
heavy = {{"torch", "av", "numba", "importlib.metadata", "numpy.ma", "ncodec.video"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_a_picture_is_coded_without_a_compiler_and_media_libraries(tmp_path):
    source = str(tmp_path / "a.png")
    pixels = np.arange(48 * 48 * 3).reshape(48, 48, 3) % 251
    Image.fromarray(pixels.astype(np.uint8)).save(source)
    with ncodec.open(ncodec.encode(source).data) as album:  # compiles
        album[0]
    code = STILL.format(source=source)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


IMPORTS = """
import sys
from ncodec.cli import main
for arguments in (["--help"], ["encode", "--help"], ["decode", "--help"], ["codecs"]):
    sys.argv = ["ncodec", *arguments]
    try:
        main()
    except SystemExit:
        pass
    assert "torch" not in sys.modules, arguments
import ncodec
ncodec.codecs(), ncodec.encode, ncodec.probe
assert "torch" not in sys.modules
"""


def test_help_lists_and_names_import_no_torch():
    ran = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Exit codes:" in ran.stdout


def test_frames_by_index(nc_file):
    with ncodec.open(nc_file, threads=1) as clip:
        assert len(clip) == 16
        assert clip[-1].pts == clip[15].pts == 15
        assert [plane.shape for plane in clip[3].planes] == [(24, 32), (12, 16), (12, 16)]
        for index in (16, -17):
            with pytest.raises(IndexError, match=f"frame {index} of .* which has 16"):
                clip[index]


def test_frames_in_any_order_are_the_same(nc_file):
    with ncodec.open(nc_file, threads=1) as clip:
        forwards = list(clip)
        backwards = [clip[i] for i in reversed(range(16))]
    assert [frame.pts for frame in forwards] == list(range(16))
    assert same_planes(forwards, backwards[::-1])


def test_frames_by_time(nc_file):
    with ncodec.open(nc_file, threads=1) as clip:
        assert clip.info.time_base == Fraction(1, 25)
        assert clip.at(0).pts == 0
        assert clip.at(0.5).pts == 12
        assert clip.at(Fraction(13, 25)).pts == 13
        for outside in (-0.01, 16 / 25, 100):
            with pytest.raises(UsageError, match=r"runs from 0 to 0\.64 s"):
                clip.at(outside)


def test_bytes_and_streams_are_sources(nc_file):
    data = nc_file.read_bytes()
    with ncodec.open(data, threads=1) as clip, ncodec.open(io.BytesIO(data), threads=1) as other:
        assert same_planes([clip[9]], [other[9]])
    assert ncodec.probe(data) == ncodec.probe(nc_file)


def test_probe_tells_all_without_decoding(nc_file):
    found = ncodec.probe(nc_file)
    assert (found.codec, found.bitstream_version, found.media_kind) == ("hnerv", 2, "video")
    assert (found.info.width, found.info.height, found.info.frames) == (32, 24, 16)
    assert found.duration == Fraction(16, 25)
    assert found.constant_rate
    assert [(s.first_frame, s.frame_count) for s in found.segments] == [(0, 8), (8, 8)]
    assert sum(found.breakdown().values()) == found.size == nc_file.stat().st_size
    assert set(found.breakdown()) == {"configuration", "weights", "embeddings", "container"}
    assert found.meta["seed"] == 0
    assert found.meta["options"]["preset"] == "ultrafast"


def test_recorded_psnr_is_that_of_the_decoded_frames(nc_file, clip_file):
    from ncodec.files.verify import verify

    found = verify(nc_file, source=clip_file, threads=1)
    assert found.rgb == pytest.approx(ncodec.probe(nc_file).psnr, abs=0.05)
    assert (found.frames, found.segments, len(found.planes)) == (16, 2, 3)


def test_encode_returns_what_came_out(clip_file, tmp_path):
    events = []
    done = ncodec.encode(clip_file, tmp_path / "a.nc", **TINY, max_segment=4, watch=events.append)
    assert (done.frames, done.segments) == (16, 4)
    assert done.size == (tmp_path / "a.nc").stat().st_size
    assert done.psnr == pytest.approx(ncodec.probe(tmp_path / "a.nc").psnr, abs=0.01)
    kinds = [type(event).__name__ for event in events]
    assert (kinds[0], kinds[-1], kinds.count("SegmentDone")) == ("Scanned", "Finished", 4)
    fractions = [event.fraction for event in events if hasattr(event, "fraction")]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_decode_counts_and_takes_excerpts(nc_file, tmp_path):
    with ncodec.open(nc_file, threads=1) as clip:
        frames = list(clip)
    assert ncodec.decode(nc_file, tmp_path / "all.mkv", threads=1) == 16
    assert ncodec.decode(nc_file, tmp_path / "some.y4m", frames=slice(6, -7), threads=1) == 3
    assert ncodec.decode(nc_file, tmp_path / "one.mkv", at=0.4, threads=1) == 1
    assert same_planes(read(tmp_path / "all.mkv")[1], frames)
    assert same_planes(read(tmp_path / "some.y4m")[1], frames[6:9])
    assert same_planes(read(tmp_path / "one.mkv")[1], frames[10:11])


@pytest.mark.parametrize("wanted", [{"frames": slice(3), "at": 0}, {"frames": slice(9, 9)}])
def test_excerpts_that_cannot_be_are_refused(nc_file, tmp_path, wanted):
    with pytest.raises(UsageError):
        ncodec.decode(nc_file, tmp_path / "a.mkv", **wanted)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_segment": 0},
        {"workers": 0},
        {"threads": -1},
        {"seed": -1},
        {"seed": 1 << 70},
        {"target_size": 0},
        {"time_budget": float("nan")},
        {"device": "gpu"},
        {"epochs": 0},
        {"flavour": "sweet"},
    ],
)
def test_arguments_that_cannot_be_used(clip_file, tmp_path, wrong):
    with pytest.raises(UsageError):
        ncodec.encode(clip_file, tmp_path / "a.nc", **TINY | wrong)
    assert not list(tmp_path.iterdir())


def test_codecs_lists_hnerv_with_its_options():
    (hnerv,) = (codec for codec in ncodec.codecs() if codec.name == "hnerv")
    assert [option.name for option in hnerv.options] == [
        "preset",
        "model_size",
        "quality",
        "target_psnr",
        "epochs",
        "compile",
    ]
    assert (hnerv.bitstream_version, hnerv.media) == (2, ("video",))


def test_files_that_are_none(tmp_path):
    (tmp_path / "text.nc").write_text("hello")
    for path in (tmp_path / "missing.nc", tmp_path / "text.nc"):
        for read_it in (ncodec.open, ncodec.probe):
            with pytest.raises((InputError, DamagedFile)):
                read_it(path)


def test_verify_notices_another_source(nc_file, clip_file, tmp_path):
    from ncodec.errors import VerificationFailed
    from ncodec.files.verify import verify

    with pytest.raises(VerificationFailed, match="frames 8 to 15"):
        verify(nc_file, source=film(tmp_path / "a.mkv", frames=16), threads=1)
    for name, words, shape in (
        ("b", "ends at", {"frames": 9}),
        ("c", "is 30x", {"size": (30, 24)}),
    ):
        with pytest.raises(InputError, match=words):
            verify(nc_file, source=film(tmp_path / f"{name}.mkv", **shape, cuts=(8,)), threads=1)
    assert not np.any([frame.planes[0].max() > 255 for frame in read(clip_file)[1]])
