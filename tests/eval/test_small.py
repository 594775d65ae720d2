import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import ncodec
from ncodec.eval.studies.small import bytes_of, main


@pytest.fixture
def icons(tmp_path):
    """Two icons of 48x48, the second of which has a text."""
    rows, columns = np.mgrid[:48, :48]
    inside = (rows - 24) ** 2 + (columns - 24) ** 2 < 400
    pixels = np.where(inside[..., None], (40, 120, 220, 255), 0).astype(np.uint8)
    text = PngInfo()
    text.add_text("Author", "nobody")
    Image.fromarray(pixels).save(tmp_path / "plain.png")
    Image.fromarray(pixels).save(tmp_path / "signed.png", pnginfo=text)
    return tmp_path / "plain.png", tmp_path / "signed.png"


def test_a_small_picture_has_few_bytes_of_container(icons):
    plain, signed = (bytes_of(ncodec.encode(icon).data) for icon in icons)
    assert plain.container <= 28
    assert plain.beside == 0
    assert signed.beside > 0
    assert signed.container - signed.beside < 60


def test_the_table_has_a_line_for_each_picture_and_the_album(icons):
    result = CliRunner().invoke(main, ["--runs", "0", *map(str, icons)])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert [line.split()[-1] for line in lines] == [
        "picture", "plain.png", "signed.png", "all", "album",
    ]  # fmt: skip
