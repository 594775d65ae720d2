"""What films have beside their samples: orientation, fields, light, alpha; and animations."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import PIL.Image
import pytest
from clips import clip, read, write

from ncodec.errors import InputError
from ncodec.formats import Hdr
from ncodec.media import media_kind, open_source

ONE = 1 << 16


def film(path, codec, pixel_format, pictures, prepare=lambda track: None, options=None):
    """Writes RGBA arrays as a film."""
    with av.open(str(path), "w") as container:
        track = container.add_stream(codec, rate=25, options=options or {})
        height, width = pictures[0].shape[:2]
        track.width, track.height, track.pix_fmt = width, height, pixel_format
        prepare(track)
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "rgba").reformat(format=pixel_format)
            frame.pts, frame.time_base = i, Fraction(1, 25)
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


def rgba(alpha=255, frames=3):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (48, 64, 4), np.uint8) for _ in range(frames)]
    for picture in pictures:
        picture[..., 3] = 255
    pictures[-1][5:9, 5:9, 3] = alpha
    return pictures


@pytest.mark.parametrize(
    ("matrix", "rotation", "mirrored"),
    [
        ((1, 0, 0, 1), 0, False),
        ((0, 1, -1, 0), 90, False),
        ((-1, 0, 0, -1), 180, False),
        ((0, -1, 1, 0), 270, False),
        ((-1, 0, 0, 1), 0, True),
        ((1, 0, 0, -1), 180, True),
        ((0, 1, 1, 0), 270, True),
        ((0, -1, -1, 0), 90, True),
    ],
)
def test_a_display_matrix_is_read_as_mirror_and_rotation(tmp_path, matrix, rotation, mirrored):
    a, b, c, d = (ONE * value for value in matrix)

    def turned(track):
        track.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])

    path = film(tmp_path / "a.mp4", "libx264", "yuv420p", rgba(), turned)
    info = read(path)[0].info
    assert (info.rotation, info.mirrored) == (rotation, mirrored)
    # A corner of the picture is where the matrix takes it: mirrored first, then turned clockwise.
    turn = np.array([[0, -1], [1, 0]])
    made = np.linalg.matrix_power(turn, info.rotation // 90) @ np.diag([-1 if mirrored else 1, 1])
    assert np.array_equal(made, np.array([[matrix[0], matrix[2]], [matrix[1], matrix[3]]]))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_fields_are_read(tmp_path, suffix, order):
    info, frames = clip(size=(64, 48))
    path = tmp_path / f"a{suffix}"
    write(path, replace(info, field_order=order), frames)
    assert read(path)[0].info.field_order == order


def test_fields_that_no_stream_states_are_those_of_the_frames(tmp_path):
    path = film(tmp_path / "a.avi", "dvvideo", "yuv420p", [np.zeros((576, 720, 4), np.uint8)] * 2)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.field_order == 0
    assert read(path)[0].info.field_order == 3


def test_a_rotation_between_quarters_is_said(tmp_path):
    def turned(track):
        track.set_display_rotation(-30)

    found, _ = read(film(tmp_path / "a.mp4", "libx264", "yuv420p", rgba(), turned))
    (said,) = found.notices
    assert found.info.rotation == 0
    assert "a rotation by 30 degrees" in said


def test_the_mastering_display_and_the_light_level_are_read(tmp_path):
    master = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    options = {"x265-params": f"log-level=none:pools=1:master-display={master}:max-cll=1000,400"}
    path = film(tmp_path / "a.mkv", "libx265", "yuv420p10le", rgba(), options=options)
    display = (34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450)
    with open_source(path) as source:
        assert source.hdr == Hdr(
            (*(Fraction(value, 50000) for value in display), Fraction(1, 200), Fraction(1000)),
            (1000, 400),
        )


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("a.mov", "qtrle", "argb"),
        ("a.mkv", "ffv1", "bgra"),
        ("a.mkv", "ffv1", "yuva420p"),
        ("a.mkv", "ffv1", "yuva444p16le"),
        ("a.mov", "png", "rgba64be"),
        ("a.mov", "png", "ya8"),
    ],
)
def test_alpha_is_refused_unless_it_is_to_be_dropped_or_opaque(tmp_path, name, codec, pixel_format):
    path = film(tmp_path / name, codec, pixel_format, rgba(alpha=100))
    with pytest.raises(InputError, match=r"frame 2 of .* has alpha.*--no-alpha"):
        read(path)
    assert read(path, alpha=False)[0].frames == 3
    opaque = film(tmp_path / f"opaque-{name}", codec, pixel_format, rgba())
    assert read(opaque)[0].frames == 3


def test_alpha_beside_the_pictures_is_refused(tmp_path):
    path = film(
        tmp_path / "a.webm", "libvpx-vp9", "yuva420p", rgba(alpha=100),
        options={"auto-alt-ref": "0", "deadline": "realtime"},
    )  # fmt: skip
    with pytest.raises(InputError, match="--no-alpha"):
        read(path)
    assert read(path, alpha=False)[0].frames == 3


@pytest.mark.parametrize("name", ["a.gif", "a.png"])
def test_a_transparent_colour_of_a_palette_is_alpha(tmp_path, name):
    indices = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)
    pictures = [PIL.Image.fromarray(indices + i, "P") for i in range(2)]
    for picture in pictures:
        picture.putpalette(bytes(range(256)) * 3)
    if name == "a.gif":
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], transparency=9)
    else:
        pictures[0].save(tmp_path / name, transparency=9)
    with pytest.raises(InputError, match="--no-alpha"):
        read(tmp_path / name)
    assert read(tmp_path / name, alpha=False)[0].frames == (2 if name == "a.gif" else 1)


def test_images_with_alpha_are_refused_unless_it_is_to_be_dropped(tmp_path):
    for i, picture in enumerate(rgba(alpha=7)):
        PIL.Image.fromarray(picture).save(tmp_path / f"{i}.png")
    with pytest.raises(InputError, match=r"2\.png has alpha"):
        read(tmp_path)
    assert read(tmp_path, alpha=False)[0].frames == 3


def test_an_animation_is_a_film_and_never_its_first_picture(tmp_path):
    path = film(tmp_path / "a.apng", "apng", "rgb24", rgba(frames=5))
    path = path.rename(tmp_path / "a.png")
    assert media_kind(path) == "image"
    with open_source(path) as source:
        assert source.kind == "video"
    assert read(path)[0].frames == 5
    write(tmp_path / "b.png", *clip("gbrp", (64, 48), frames=1))
    with pytest.raises(InputError, match=r"a\.png is an animated PNG"):
        read(tmp_path)


def test_an_animated_webp_is_told_how_to_become_a_film(tmp_path):
    path = film(tmp_path / "a.webp", "libwebp_anim", "bgra", rgba())
    with pytest.raises(InputError, match=r"animated WebP.*coalesce"):
        read(path)
