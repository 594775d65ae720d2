"""Files of others, made anew with something else in a box, and every checksum right."""

import zlib
from pathlib import Path

from ncodec.files.records import KEY
from ncodec.formats import Limits, Reader, cbor
from ncodec.formats.boxes import INDX, SEGM, SIGNATURE, pack_box
from ncodec.formats.index import BoxEntry, pack_index, pack_tail
from ncodec.formats.segment import MiniHeader

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.nc"))


def boxes_of(data):
    """Type and payload of each box but the index, of a short file those of the long one."""
    with Reader(data) as reader:
        return [
            (box.type, b"".join(reader.raw_box(box))[16:-4])
            for box in reader.boxes
            if box.type != INDX
        ]


def assembled(boxes):
    """A long file of boxes."""
    body, entries = bytearray(SIGNATURE), []
    for kind, payload in boxes:
        frames = ()
        if kind == SEGM:
            mini = MiniHeader.unpack(payload, Limits())
            frames = (mini.first_frame, mini.frame_count)
        entries.append(BoxEntry(kind, len(body), len(payload), *frames))
        body += pack_box(kind, payload)
    return bytes(body) + pack_box(INDX, pack_index(entries)) + pack_tail(len(body))


def remade(data, kind, change):
    """`data` with `change` of the payload of each box of a kind."""
    boxes = boxes_of(data)
    assert any(found == kind for found, _ in boxes)
    return assembled([(t, change(payload) if t == kind else payload) for t, payload in boxes])


def with_meta(data, **values):
    """`data` with these values in its meta box."""
    boxes = [(kind, payload) for kind, payload in boxes_of(data) if kind != "meta"]
    with Reader(data) as reader:
        meta = reader.meta | values
    return assembled([*boxes, ("meta", cbor.dumps(meta))])


def with_records(data, **values):
    """`data` with these values in the record of its images."""
    with Reader(data) as reader:
        record = reader.meta.get(KEY, zlib.compress(cbor.dumps({})))
    fields = cbor.loads(zlib.decompress(record), "record", Limits()) | values
    return with_meta(data, **{KEY: zlib.compress(cbor.dumps(fields))})
