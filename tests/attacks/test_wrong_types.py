"""Valid CBOR and JSON whose values are of other types: one sentence, never an internal error."""

import zlib
from contextlib import suppress

import pytest
from remade import GOLDEN, boxes_of, remade, with_meta, with_records
from wrong import variants

import ncodec
from ncodec.cli.info import _page, _record
from ncodec.errors import DamagedFile, NcodecError
from ncodec.files.records import KEY
from ncodec.formats import Limits, cbor

BY_NAME = {path.stem: path for path in GOLDEN}
FILES = ["album-1-mixed", "entropic-student-1-classes", "ngrid-2-packed", "pc-hclt-1-trained"]
METADATA = {
    "icc": b"profile",
    "text": [["Title", "A"]],
    "chunks": [["gAMA", b"1234"]],
    "maximum": 7,
    "samples": ["f4", 0, 0, []],
}
RECORD = {
    "count": 1,
    "layout": {"kind": "npy", "axes": "hw"},
    "names": ["a.png"],
    "metadata": [METADATA],
    "which": [0],
    "modified": [1, 2],
}


def read(data):
    """Whether all that does not decode works, or says that the file is no good."""
    with suppress(NcodecError):
        probed = ncodec.probe(data)
        _page("a.nc", probed)
        _record(probed)
    with suppress(NcodecError), ncodec.open(data, threads=1) as opened:
        repr(opened)


@pytest.mark.parametrize("kind", ["HEAD", "CONF", "meta"])
@pytest.mark.parametrize("stem", FILES)
def test_values_of_boxes(stem, kind):
    data = BY_NAME[stem].read_bytes()
    for payload in (payload for found, payload in boxes_of(data) if found == kind):
        for _, _, record in variants(cbor.loads(payload, kind, Limits())):
            packed = cbor.dumps(record)
            read(remade(data, kind, lambda _, packed=packed: packed))


def test_values_of_images_records():
    data = BY_NAME["album-1-mixed"].read_bytes()
    for path, value, record in variants(RECORD):
        changed = with_meta(data, **{KEY: zlib.compress(cbor.dumps(record))})
        read(changed)
        if path == ("names",) and value != []:
            with pytest.raises(DamagedFile, match="names"):
                ncodec.probe(changed)


def test_a_place_from_the_end_is_no_place():
    data = BY_NAME["album-1-mixed"].read_bytes()
    with pytest.raises(DamagedFile, match="which"):
        ncodec.probe(with_records(data, metadata=[METADATA], which=[-1]))
