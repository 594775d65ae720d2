"""Arrays, frames, bytes and streams in; bytes and streams out."""

import io
from fractions import Fraction

import numpy as np
import pytest
import torch
from synthetic import TINY, film, read, same_planes

import ncodec
from ncodec.errors import InputError, Interrupted, UsageError
from ncodec.media import from_rgb
from ncodec.media.image import Metadata

LOSSLESS = {"codec": "rawplanes"}
CLIP = np.random.default_rng(0).integers(0, 256, (5, 24, 32, 3)).astype(np.uint8)
GREY = np.arange(32 * 40, dtype=np.uint16).reshape(32, 40)


class Pipe(io.RawIOBase):
    """Bytes that can be read once."""

    def __init__(self, data):
        self._rest = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, target):
        return self._rest.readinto(target)


@pytest.mark.parametrize("image", [GREY, GREY.astype(np.uint8), np.stack([GREY] * 3, -1)])
def test_an_array_of_one_image_comes_back(image):
    with ncodec.open(ncodec.encode(image, effort="fast").data) as album:
        assert np.array_equal(album[0].pixels, image.reshape(32, 40, -1))


def test_an_image_keeps_its_metadata():
    metadata = Metadata(text=(("Title", "a picture"),))
    image = ncodec.Image(CLIP[0], "a.png", metadata)
    with ncodec.open(ncodec.encode(image, effort="fast").data) as album:
        assert album[0].metadata == metadata
        again = ncodec.encode(album, codec="pc-photo", effort="fast")
    assert again.frames == 1


@pytest.mark.parametrize(
    "frames", [CLIP, list(CLIP), iter(CLIP), torch.from_numpy(CLIP)], ids=lambda f: type(f).__name__
)
def test_frames_of_rgb_are_a_clip_of_rgb(frames, plugins):
    done = ncodec.encode(frames, fps=30000 / 1001, **LOSSLESS)
    with ncodec.open(done.data) as clip:
        assert clip.info.pixel_format == "gbrp"
        assert clip[1].seconds == pytest.approx(1001 / 30000)
        assert np.array_equal(clip.batch(slice(None)).data, CLIP)


def test_rgb_is_converted_where_info_says_so(plugins, clip_file):
    info, _ = read(clip_file)
    with ncodec.open(ncodec.encode(CLIP, info=info, **LOSSLESS).data) as clip:
        assert same_planes(list(clip), [from_rgb(rgb, info, 0) for rgb in CLIP])


def test_an_open_clip_is_a_source_with_its_times(plugins, tmp_path):
    path = film(tmp_path / "a.mkv", times=[0, 3, 4, 9], frames=4, pixel_format="yuv422p10le")
    first = ncodec.encode(path, **LOSSLESS).data
    with ncodec.open(first) as clip, ncodec.open(ncodec.encode(clip, **LOSSLESS).data) as again:
        assert (again.info, list(again.times)) == (clip.info, list(clip.times))
        assert same_planes(list(again), list(clip))


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, io.BytesIO, Pipe])
def test_a_film_may_be_bytes_or_a_stream(wrap, plugins, clip_file):
    expected = ncodec.encode(clip_file, **LOSSLESS).data
    assert ncodec.encode(wrap(clip_file.read_bytes()), **LOSSLESS).data == expected


def test_y4m_and_images_may_be_streams(plugins, tmp_path, clip_file):
    coded = ncodec.encode(clip_file, **LOSSLESS).data
    y4m, png = io.BytesIO(), io.BytesIO()
    assert ncodec.decode(coded, y4m) == 16
    assert ncodec.decode(coded, png, format="png", at=0.2) == 1
    with ncodec.open(ncodec.encode(Pipe(y4m.getvalue()), **LOSSLESS).data) as clip:
        assert same_planes(list(clip), read(clip_file)[1])
    assert ncodec.encode(png.getvalue(), effort="fast").subpixels == 32 * 24 * 3


def test_images_are_written_to_streams():
    coded = ncodec.encode(GREY, effort="fast").data
    npy, tif = io.BytesIO(), io.BytesIO()
    ncodec.decode(io.BytesIO(coded), npy, format="npy")
    ncodec.decode(coded, tif, format="tif")
    npy.seek(0)
    assert np.array_equal(np.load(npy), GREY)
    assert tif.getvalue()[:2] == b"II"


def test_frames_in_memory_go_through_worker_processes(plugins):
    done = ncodec.encode(list(CLIP), fps=25, max_segment=3, workers=2, **LOSSLESS)
    assert (done.frames, done.segments) == (5, 2)


def test_an_interrupted_encode_of_frames_goes_on_with_their_copy(tmp_path):
    stopping = iter([False] * 12)
    plan = tmp_path / "plan"
    settings = {"plan": plan, "max_segment": 3, **TINY}
    with pytest.raises(Interrupted):
        ncodec.encode(iter(CLIP), fps=25, stopping=lambda: next(stopping, True), **settings)
    assert ncodec.encode(iter(CLIP), fps=25, resume=True, **settings).frames == 5
    assert not plan.exists()


@pytest.mark.parametrize(
    ("source", "settings", "words"),
    [
        (3, {}, "source is of type int but must be a path"),
        ({}, {}, "source is of type dict but must be a path"),
        (io.StringIO("text"), {}, "binary mode"),
        (CLIP, {}, "give fps= for a clip, or name a codec"),
        (list(CLIP), {}, "give fps= for a clip, or name a codec"),
        (CLIP.astype(float), {"fps": 25}, "are float64 but must be uint8"),
        (list(CLIP / 2), {"fps": 25}, "are float64 but must be uint8"),
        (CLIP.transpose(0, 3, 1, 2), {"fps": 25}, "permute the axes"),
        (CLIP[..., :2], {"fps": 25}, "no alpha"),
        ([CLIP[0], CLIP[1, 1:]], {"fps": 25}, "frame 1 is 32x23"),
        (["a.png"], {"fps": 25}, "the files are no clip, a.png and"),
        ([3, "a.png"], {"fps": 25}, "the samples are int"),
        (GREY, {"fps": 25}, "fps goes with several frames"),
        (CLIP, {"fps": 0}, "fps is 0"),
        (CLIP, {"fps": "fast"}, "fps is 'fast'"),
        (b"data", {"info": ncodec.VideoInfo(8, 8, 1, Fraction(1), "gray")}, "leave it out"),
        ([ncodec.Frame((CLIP[0, ..., 0],), 0)], {"fps": 25}, "give info="),
        (CLIP, {"fps": 25, "max_segment": "all"}, "max_segment is 'all'"),
        (GREY, {"workers": 2}, "workers does not apply to pc-photo"),
    ],
)
def test_sources_that_cannot_be_are_told(source, settings, words):
    with pytest.raises(UsageError, match=words):
        ncodec.encode(source, **{"codec": None, "max_segment": 240} | settings)


@pytest.mark.parametrize("source", [b"", io.BytesIO(), [], iter(()), CLIP[:0]])
def test_sources_with_nothing_in_them_are_told(source):
    with pytest.raises(InputError, match=r"empty|give at least one"):
        ncodec.encode(source)


@pytest.mark.parametrize("output", [3, io.StringIO(), GREY])
def test_outputs_that_cannot_be_are_told(output, nc_file):
    for verb, source in ((ncodec.encode, GREY), (ncodec.decode, nc_file)):
        with pytest.raises(UsageError, match=r"output is of type .* but must be a path"):
            verb(source, output)


@pytest.mark.parametrize("verb", [ncodec.open, ncodec.probe, ncodec.verify])
@pytest.mark.parametrize("source", [3, GREY, io.StringIO("x")])
def test_files_that_cannot_be_are_told(verb, source):
    with pytest.raises(UsageError, match="must be a path, bytes or a binary stream"):
        verb(source)


def test_formats_that_cannot_be_are_told(nc_file, tmp_path):
    for output, format in ((tmp_path / "a.y4m", "y4m"), (io.BytesIO(), "avi")):
        with pytest.raises(UsageError, match="format"):
            ncodec.decode(nc_file, output, format=format)


def test_a_closed_file_says_so(nc_file):
    with ncodec.open(nc_file) as clip:
        frame = clip[0]
    assert frame.seconds == 0
    for use in (
        lambda: clip[0],
        lambda: clip[:2],
        lambda: clip.batch([0]),
        lambda: next(iter(clip)),
    ):
        with pytest.raises(UsageError, match="is closed"):
            use()


def test_what_people_see_is_short(nc_file):
    with ncodec.open(nc_file) as clip:
        assert repr(clip[3]) == ("Frame(planes=(24x32, 12x16, 12x16) uint8, pts=3, seconds=0.12)")
        assert repr(clip) == (f"Clip('{nc_file}': 16 frames of 32x24 yuv420p, 25 frames/s, hnerv)")
    assert repr(ncodec.Image(CLIP[0])) == "Image(32x24 rgb24)"


def test_an_index_of_another_type_is_told(nc_file):
    with (
        ncodec.open(nc_file) as clip,
        pytest.raises(UsageError, match="'a' but must be an integer"),
    ):
        clip["a"]


@pytest.mark.parametrize("data", [3, [3], np.zeros((2, 8, 8), np.uint8)])
def test_what_a_trainer_cannot_learn_from_is_told(data, tmp_path):
    with pytest.raises(UsageError, match="must be a path or several"):
        ncodec.train("pc", data, tmp_path / "model.ncm")
