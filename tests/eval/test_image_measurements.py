import numpy as np
import pytest
from PIL import Image as Pillow

from ncodec.errors import InputError, UsageError
from ncodec.eval.anchors.lossless import ANCHORS, Anchor
from ncodec.eval.anchors.png import smallest_png
from ncodec.eval.bench.choice import codec_choice
from ncodec.eval.bench.coders import codec_line
from ncodec.eval.bench.image_worker import digest
from ncodec.eval.bench.lossless import FORMATS, format_coders
from ncodec.eval.bench.lossy import lossy_coders
from ncodec.media import Image, read_image, write_image

imagecodecs = pytest.importorskip("imagecodecs")

LINES = format_coders(list(FORMATS))


def there_and_back(coder, pixels, folder):
    source, coded, output = folder / "a.png", folder / f"b{coder.suffix}", folder / "c.pam"
    write_image(source, Image(pixels))
    coder.encode(source, coded)
    coder.decode(coded, output)
    return read_image(output).pixels


def test_an_optimised_png_has_a_palette_where_that_helps():
    pixels = 99 * np.random.default_rng(0).integers(0, 2, (40, 40, 1), dtype=np.uint8)
    data = smallest_png(pixels.repeat(3, axis=2))
    assert len(data) < 40 * 40 // 8 + 150
    assert np.array_equal(Anchor("PNG", "png", ()).decode(data), pixels.repeat(3, axis=2))


def test_every_format_is_a_line_of_its_own():
    assert {line.name for line in LINES} >= {a.name for a in ANCHORS if a.codec != "png"}
    assert len({line.name for line in LINES}) == len(LINES)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_samples_come_back_grey_as_rgb_where_a_format_has_no_grey(line, channels, tmp_path):
    pixels = np.arange(60 * channels, dtype=np.uint8).reshape(6, 10, channels)
    if (line.name, channels) == ("JPEG-LS", 2):
        with pytest.raises(InputError, match="JPEG-LS does not take it"):
            there_and_back(line, pixels, tmp_path)
        return
    back = there_and_back(line, pixels, tmp_path)
    if back.shape[2] != channels:
        assert (back[:, :, :3] == pixels[:, :, :1]).all()
        back = back[:, :, [0, 3][:channels]]
    assert digest(back) == digest(pixels)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_formats_of_8_bits_refuse_16(line, tmp_path):
    deep = 999 * np.arange(60, dtype=np.uint16).reshape(6, 10, 1)
    if line.anchor.depths == (8,):
        with pytest.raises(InputError, match="no samples of 16 bits"):
            there_and_back(line, deep, tmp_path)
    else:
        assert digest(there_and_back(line, deep, tmp_path)) == digest(deep)


def test_a_hash_tells_shapes_and_types_apart():
    pixels = np.zeros((2, 3, 1), np.uint8)
    others = [pixels.reshape(3, 2, 1), np.zeros((1, 3, 1), np.uint16), pixels + np.uint8(1)]
    assert len({digest(other) for other in [pixels, *others]}) == 4


def test_a_line_is_named_with_the_options_that_it_was_given():
    (bare,) = codec_line(codec_choice("pc-photo"), [], 8, 2)
    (best,) = codec_line(codec_choice("pc-photo:best"), [], 8, 2)
    assert (bare.name, bare.settings) == ("pc-photo", "default, 2 threads")
    assert (best.name, best.options) == ("pc-photo, effort best", {"effort": "best"})
    with pytest.raises(UsageError, match="not single images"):
        codec_line(codec_choice("hnerv"), [], 8, 2)


def test_names_that_no_format_has_are_refused():
    with pytest.raises(UsageError, match="'gif' is no lossless image format"):
        format_coders(["png", "gif"])
    with pytest.raises(UsageError, match="'gif' is no lossy image format"):
        lossy_coders("gif", 4)


def test_qualities_of_a_lossy_format_rise_and_so_do_bytes(tmp_path):
    y, x = np.mgrid[:64, :64]
    pixels = np.stack([x * 4, y * 4, (x * y) % 256], axis=2).astype(np.uint8)
    write_image(tmp_path / "a.png", Image(pixels))
    for name in ("jpeg", "webp"):
        sizes = []
        for coder in lossy_coders(name, 4):
            coded = tmp_path / f"{coder.quality}{coder.suffix}"
            coder.encode(tmp_path / "a.png", coded)
            sizes.append(coded.stat().st_size)
        assert sizes == sorted(set(sizes))
        with Pillow.open(coded) as picture:
            assert picture.format == coder.anchor.codec
