"""Clip specs: edits are what NumPy makes of them, and prepared files are written once."""

import os

import numpy as np
import pytest
from synthetic import film, read, same_planes, seconds

from ncodec.errors import InputError, UsageError
from ncodec.eval.data.clips import clip_digest, parse_clip, prepare
from ncodec.media import Frame


def prepared(path, edit, folder):
    return read(prepare(parse_clip(f"{path}#{edit}"), folder))


def cut(frames, luma, chroma=None):
    """Slices of the planes; `chroma` also for 4:4:4 and RGB where it is the same."""
    return [
        Frame((f.planes[0][luma], *(p[chroma or luma] for p in f.planes[1:])), f.pts)
        for f in frames
    ]


def means(plane, factor):
    height, width = plane.shape[0] // factor, plane.shape[1] // factor
    return plane.reshape(height, factor, width, factor).mean(axis=(1, 3))


def test_without_an_edit_the_file_is_its_own(tmp_path):
    path = film(tmp_path / "waves.mkv")
    spec = parse_clip(str(path))
    assert (spec.name, spec.path, bool(spec.edit)) == ("waves", path, False)
    assert prepare(spec, tmp_path / "cache") == path
    assert not (tmp_path / "cache").exists()


def test_a_crop_is_centred_and_keeps_samples(tmp_path):
    path = film(tmp_path / "waves.mkv", size=(32, 24))
    info, frames = prepared(path, "crop=16x12", tmp_path)
    before, source = read(path)
    assert (info.width, info.height) == (16, 12)
    wanted = cut(source, np.s_[6:18, 8:24], np.s_[3:9, 4:12])
    assert same_planes(frames, wanted)
    assert seconds(info, frames) == seconds(before, source)


@pytest.mark.parametrize(
    ("pixel_format", "luma", "chroma"),
    [
        ("yuv420p", np.s_[4:16, 6:22], np.s_[2:8, 3:11]),
        ("yuv422p10le", np.s_[5:17, 6:22], np.s_[5:17, 3:11]),
        ("yuv444p", np.s_[5:17, 7:23], None),
        ("gbrp", np.s_[5:17, 7:23], None),
        ("gray12le", np.s_[5:17, 7:23], None),
    ],
)
def test_an_offset_moves_to_the_chroma_grid(tmp_path, pixel_format, luma, chroma):
    path = film(tmp_path / "waves.mkv", frames=2, pixel_format=pixel_format)
    info, frames = prepared(path, "crop=16x12+7+5", tmp_path)
    assert info.pixel_format == pixel_format
    assert same_planes(frames, cut(read(path)[1], luma, chroma))


def test_an_odd_clip_can_be_cropped_to_even_sizes(tmp_path):
    path = film(tmp_path / "odd.mkv", frames=2, size=(17, 15))
    _, frames = prepared(path, "crop=16x14", tmp_path)
    assert same_planes(frames, cut(read(path)[1], np.s_[:14, :16], np.s_[:7, :8]))


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "yuv444p", "gbrp", "gray16le"])
def test_shrinking_averages_areas(tmp_path, pixel_format):
    path = film(tmp_path / "waves.mkv", frames=2, size=(64, 32), pixel_format=pixel_format)
    info, frames = prepared(path, "scale=16x8", tmp_path)
    assert (info.width, info.height, info.pixel_format) == (16, 8, pixel_format)
    for frame, source in zip(frames, read(path)[1], strict=True):
        for plane, whole in zip(frame.planes, source.planes, strict=True):
            np.testing.assert_allclose(plane, means(whole, 4), atol=1)


def test_growing_keeps_the_picture(tmp_path):
    path = film(tmp_path / "waves.mkv", frames=1, size=(32, 24))
    _, frames = prepared(path, "scale=64x48", tmp_path)
    for plane, whole in zip(frames[0].planes, read(path)[1][0].planes, strict=True):
        np.testing.assert_allclose(means(plane, 2), whole, atol=2)


def test_colour_survives(tmp_path):
    colour = {"matrix": 9, "primaries": 9, "transfer": 16, "full_range": True}
    path = film(tmp_path / "a.mkv", pixel_format="yuv420p10le", **colour)
    info, _ = prepared(path, "crop=16x16,scale=8x8", tmp_path)
    assert {name: getattr(info, name) for name in colour} == colour


def test_the_chroma_location_of_y4m_survives(tmp_path):
    path = film(tmp_path / "a.y4m", chroma_location=2)
    info, frames = prepared(path, "crop=16x16", tmp_path / "cache")
    assert (info.chroma_location, len(frames)) == (2, 10)


@pytest.mark.parametrize(
    ("text", "chosen"), [(":3", slice(3)), ("2:-1", slice(2, -1)), ("-2:", slice(-2, None))]
)
def test_frames_are_a_python_slice(tmp_path, text, chosen):
    path = film(tmp_path / "waves.mkv")
    info, frames = prepared(path, f"frames={text}", tmp_path)
    assert same_planes(frames, read(path)[1][chosen])
    assert seconds(info, frames)[0] == 0


def test_steps_between_frames_are_kept(tmp_path):
    path = film(tmp_path / "vfr.mkv", frames=5, times=[0, 1, 5, 6, 20])
    info, frames = prepared(path, "frames=1:", tmp_path)
    assert [float(t) for t in seconds(info, frames)] == [0, 0.16, 0.2, 0.76]


def test_the_order_of_edits_is_fixed(tmp_path):
    path = film(tmp_path / "waves.mkv", size=(64, 32))
    first = parse_clip(f"{path}#frames=:4,scale=8x8,crop=32x32")
    second = parse_clip(f"{path}#crop=32x32,scale=8x8,frames=:4")
    assert first.name == second.name == "waves 32x32 to 8x8 0..4"
    assert prepare(first, tmp_path) == prepare(second, tmp_path)
    _, frames = read(prepare(first, tmp_path))
    assert len(frames) == 4
    np.testing.assert_allclose(
        frames[0].planes[0], means(read(path)[1][0].planes[0][:, 16:48], 4), atol=1
    )


def test_a_second_call_finds_the_file(tmp_path):
    spec = parse_clip(f"{film(tmp_path / 'waves.mkv')}#crop=16x16")
    path = prepare(spec, tmp_path / "cache")
    os.utime(path, (1, 1))
    assert prepare(spec, tmp_path / "cache") == path
    assert path.stat().st_mtime == 1
    assert list((tmp_path / "cache").iterdir()) == [path]


def test_the_digest_is_of_content_and_edit(tmp_path):
    path = film(tmp_path / "a.mkv")
    copy = tmp_path / "b.mkv"
    copy.write_bytes(path.read_bytes())

    def digest(text):
        return clip_digest(parse_clip(text))

    assert digest(f"{path}") == digest(f"{copy}")
    other = {digest(f"{path}{edit}") for edit in ("", "#crop=16x16", "#scale=16x16", "#frames=:4")}
    assert len(other) == 4
    film(copy, frames=11)
    assert digest(f"{path}") != digest(f"{copy}")


def test_a_folder_of_images_is_a_clip(tmp_path):
    film(f"{tmp_path}/shots/", frames=3, pixel_format="gbrp")
    spec = parse_clip(f"{tmp_path}/shots#crop=8x8")
    _, frames = read(prepare(spec, tmp_path))
    assert spec.name == "shots 8x8"
    assert same_planes(frames, cut(read(tmp_path / "shots")[1], np.s_[8:16, 12:20]))
    first = clip_digest(spec)
    (tmp_path / "shots" / "000001.png").unlink()
    assert clip_digest(spec) != first


def test_a_name_may_have_a_hash(tmp_path):
    path = film(tmp_path / "take#2.mkv")
    assert parse_clip(str(path)).path == path
    assert parse_clip(f"{path}#crop=8x8").name == "take#2 8x8"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("blur=3", "'blur=3' is no edit of a clip: write crop=WxH"),
        ("crop=0x8", "'crop=0x8' is no edit"),
        ("frames=3", "'frames=3' is no edit"),
        ("", "'' is no edit"),
        ("crop=8x8,crop=4x4", "crop stands twice"),
        ("crop=64x8", "does not fit into waves, which is 32x24: choose a smaller one"),
        ("crop=8x8+28+0", "does not fit"),
        ("crop=15x8", "x264 and x265 take no odd size, so give even sizes"),
        ("scale=16x9", "give even sizes"),
    ],
)
def test_edits_that_do_not_fit_are_refused(tmp_path, edit, said):
    path = film(tmp_path / "waves.mkv")
    with pytest.raises(UsageError, match=said):
        parse_clip(f"{path}#{edit}")


def test_a_range_without_frames_is_refused(tmp_path):
    spec = parse_clip(f"{film(tmp_path / 'waves.mkv')}#frames=10:")
    with pytest.raises(UsageError, match=r"leaves no frame .* it has frames 0 to 9"):
        prepare(spec, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_4_2_2_needs_an_even_width_only(tmp_path):
    path = film(tmp_path / "waves.mkv", pixel_format="yuv422p")
    assert prepared(path, "crop=16x9", tmp_path)[0].height == 9
    with pytest.raises(UsageError, match="give an even width"):
        parse_clip(f"{path}#crop=15x9")


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no clip nowhere.mp4: .* --list-data"):
        parse_clip("nowhere.mp4")
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(InputError):
        parse_clip(str(tmp_path / "text.mp4"))
