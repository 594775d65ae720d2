"""Images of a lossy codec: what is recorded is what the file decodes to, and verify compares."""

import numpy as np
import pytest

import ncodec
from ncodec.errors import TargetUnreachable, UsageError, VerificationFailed
from ncodec.files.verify import verify
from ncodec.media import Image, write_image
from ncodec.media.quality import image_psnr


@pytest.fixture
def photo(tmp_path):
    y, x, c = np.mgrid[:40, :60, :3]
    noise = np.random.default_rng(0).integers(0, 9, (40, 60, 3))
    pixels = (3 * x + 2 * y + 40 * c + noise).astype(np.uint8)
    write_image(tmp_path / "photo.png", Image(pixels))
    return tmp_path / "photo.png"


def encode(photo, codec="coarseimages", **options):
    return ncodec.encode(photo, photo.with_name("a.nc"), codec=codec, **options)


def test_the_psnr_of_what_the_file_decodes_to_is_recorded(plugins, photo, tmp_path):
    done = encode(photo, offset=2)
    with ncodec.open(tmp_path / "a.nc") as album:
        original = ncodec.media.read_image(photo).pixels
        expected = image_psnr(album[0].pixels, original)
    assert done.psnr == pytest.approx(expected)
    assert ncodec.probe(tmp_path / "a.nc").psnr == pytest.approx(expected, abs=0.001)
    found = verify(tmp_path / "a.nc", source=photo)
    assert found.rgb == pytest.approx(found.recorded, abs=0.001)
    assert not found.identical


def test_a_collection_has_the_psnr_of_each_image(plugins, photo, tmp_path):
    folder = tmp_path / "several"
    folder.mkdir()
    pixels = ncodec.media.read_image(photo).pixels
    for number, step in enumerate((1, 16)):
        write_image(folder / f"{number}.png", Image(pixels // step * step))
    ncodec.encode(folder, tmp_path / "a.nc", codec="coarseimages", coarseness=16)
    first, second = ncodec.probe(tmp_path / "a.nc").segments
    assert 20 < first.psnr < 40
    assert second.psnr is None  # nothing was lost
    assert verify(tmp_path / "a.nc", source=folder).segments == 2


def test_commands_say_the_psnr(plugins, photo, command):
    ran = command("encode", photo, "-o", "a.nc", "--codec", "coarseimages")
    assert "dB RGB-PSNR" in ran.err
    assert b"dB RGB-PSNR, recorded by the encoder" in command("info", "a.nc").out
    said = command("verify", "a.nc", "--source", photo).out.decode().splitlines()[1]
    assert said.startswith(f"1 image against {photo}: ")
    assert "dB RGB-PSNR (recorded" in said


def test_another_source_is_told_by_its_psnr(plugins, photo, tmp_path):
    encode(photo)
    pixels = ncodec.media.read_image(photo).pixels
    write_image(tmp_path / "other.png", Image(pixels ^ 16))
    with pytest.raises(VerificationFailed, match="dB were recorded"):
        verify(tmp_path / "a.nc", source=tmp_path / "other.png")
    write_image(tmp_path / "small.png", Image(pixels[:20]))
    with pytest.raises(VerificationFailed, match="its source is uint8"):
        verify(tmp_path / "a.nc", source=tmp_path / "small.png")


def test_a_lossy_codec_meets_a_target_size_and_others_refuse_it(plugins, photo):
    whole = encode(photo, coarseness=1).size
    for target in (whole, whole // 2, whole // 3):
        assert encode(photo, coarseness=1, target_size=target).size <= target
    with pytest.raises(TargetUnreachable, match="over the target of 100"):
        encode(photo, target_size=100)
    assert photo.with_name("a.nc").stat().st_size <= whole // 3
    for codec in ("pc-photo", "rawimages", "entropic-student"):
        with pytest.raises(UsageError, match=f"target_size does not apply to {codec}"):
            encode(photo, codec, target_size=1000)


def test_lossless_codecs_record_none_and_are_compared_exactly(photo, tmp_path):
    done = encode(photo, "pc-photo", effort="fast")
    assert done.psnr is None
    assert ncodec.probe(tmp_path / "a.nc").psnr is None
    assert verify(tmp_path / "a.nc", source=photo).identical
