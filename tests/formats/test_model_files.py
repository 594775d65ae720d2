import pytest

from ncodec.errors import DamagedFile, InputError, UnsupportedFormat
from ncodec.formats import Model, read_model

MODEL = Model("pc-hclt", 1, bytes(range(200)), {"seed": 3, "held_out_bpd": 1.25})


def test_a_model_comes_back_as_it_was(tmp_path):
    (tmp_path / "a.ncm").write_bytes(MODEL.pack())
    assert read_model(tmp_path / "a.ncm") == MODEL
    assert len(MODEL.digest) == 32


@pytest.mark.parametrize("position", range(0, len(MODEL.pack()), 7))
def test_no_changed_byte_goes_unnoticed(position):
    data = bytearray(MODEL.pack())
    data[position] ^= 1
    with pytest.raises(DamagedFile):
        Model.unpack(bytes(data))


def test_a_cut_file_is_no_model():
    data = MODEL.pack()
    for end in (0, 7, 8, 12, len(data) - 1):
        with pytest.raises(DamagedFile):
            Model.unpack(data[:end])


def test_reading_names_the_file_and_the_remedy(tmp_path):
    with pytest.raises(InputError, match=r"gone.ncm cannot be read .* ncodec train"):
        read_model(tmp_path / "gone.ncm")
    (tmp_path / "b.ncm").write_bytes(b"text")
    with pytest.raises(InputError, match=r"b.ncm is no usable model .* give an intact"):
        read_model(tmp_path / "b.ncm")


def test_another_family_and_a_newer_version_are_unsupported():
    assert MODEL.expect("pc-hclt", 1) == MODEL.data
    with pytest.raises(UnsupportedFormat, match="family 'pc-hclt', not 'pc-photo'"):
        MODEL.expect("pc-photo", 1)
    with pytest.raises(UnsupportedFormat, match="version 1 of pc-hclt, this ncodec reads up to 0"):
        MODEL.expect("pc-hclt", 0)


def test_wrong_types_in_an_intact_file_are_damage():
    with pytest.raises(DamagedFile, match="not a map of family"):
        Model.unpack(Model("x", 1, "text").pack())
