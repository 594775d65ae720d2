"""Pictures that modules of the evaluation draw, and the table of a run by images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ncodec.errors import InputError, UsageError
from ncodec.eval.data import deep
from ncodec.eval.data.deep import DEEP_SETS
from ncodec.eval.data.drawings import DRAWING_SETS
from ncodec.eval.data.images import images_of
from ncodec.eval.data.photographs import Photograph
from ncodec.eval.studies.each import rows
from ncodec.media import Image, read_image, write_image


def test_lists_are_disjoint() -> None:
    for sets in (DEEP_SETS, DRAWING_SETS):
        assert not set(sets["tune"]) & set(sets["held-out"])


def test_a_drawing_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {name: DRAWING_SETS["held-out"][name] for name in ("icon-16-2", "sprite-2")}
    monkeypatch.setitem(DRAWING_SETS, "held-out", small)
    found = images_of("drawings/held-out", tmp_path)
    assert [image.name for image in found] == ["icon-16-2", "sprite-2"]
    pixels = read_image(found[0].path).pixels
    assert pixels.shape == (16, 16, 4)
    np.testing.assert_array_equal(pixels, small["icon-16-2"](None))
    monkeypatch.setitem(small, "sprite-2", lambda data: pytest.fail("it was drawn again"))
    assert images_of("drawings/held-out", tmp_path) == found
    with pytest.raises(UsageError, match="drawings/tune or drawings/held-out"):
        images_of("drawings/train", tmp_path)
    with pytest.raises(InputError, match="give `--data FOLDER`"):
        images_of("drawings/tune")


@pytest.mark.parametrize(("bits", "top"), [(10, 1023), (12, 65535), (16, 65535)])
def test_photographs_get_true_bits(tmp_path: Path, bits: int, top: int) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4], pixels[4:, ::2] = 255, 128
    write_image(tmp_path / "one.png", Image(pixels))
    made = deep._photograph(Photograph("one.png", 4), bits)(tmp_path)
    assert made.shape == (2, 2, 3)
    assert (made[0] == top).all()
    assert 0 < made[1, 0, 0] < top // 2


def test_dicom_samples_are_the_last_ones(tmp_path: Path) -> None:
    samples = np.arange(-3, 9, dtype="<i2")
    path = tmp_path / deep.PYDICOM.folder / "a.dcm"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"head" + deep._PIXEL_DATA + b"OW\0\0\x18\0\0\0" + samples.tobytes())
    made = deep._dicom(deep.PYDICOM, "a.dcm", 3, 4)(tmp_path)
    np.testing.assert_array_equal(made[:, :, 0], np.arange(12).reshape(3, 4))


def test_the_worst_image_comes_last() -> None:
    def item(name: str, ours: int, others: tuple[int, int]) -> dict:
        curves = [{"name": "pc-photo", "role": "codec", "points": [{"size": ours}]}]
        for anchor, size in zip(("a", "b"), others, strict=True):
            curves.append({"name": anchor, "role": "anchor", "points": [{"size": size}]})
        return {"name": name, "curves": curves}

    summary = {"items": [item("x", 120, (100, 130)), item("y", 90, (100, 95))]}
    assert rows(summary, "pc-photo") == [("y", 90, "b", 95), ("x", 120, "a", 100)]
    with pytest.raises(InputError, match="pc-photo, a, b"):
        rows(summary, "pc-idf")
