"""Small files that the container's tests read and break."""

import io
from fractions import Fraction
from zlib import crc32

from ncodec.formats import Conf, Header, Limits, Reader, Segment, VideoInfo, Writer, cbor
from ncodec.formats.boxes import SIGNATURE, pack_box
from ncodec.formats.index import pack_tail
from ncodec.formats.segment import MiniHeader


def make_header(**changes):
    values = {
        "width": 16,
        "height": 9,
        "frames": 6,
        "time_base": Fraction(1, 25),
        "pixel_format": "yuv420p",
    }
    return Header("raw", 1, "video", VideoInfo(**{**values, **changes}))


def write_file(segments=3, frames=6, *, extras=True, stream=None):
    """A small file of `segments` segments of two frames; the stream's bytes where it has any."""
    out = io.BytesIO() if stream is None else stream
    writer = Writer(out, make_header(frames=frames))
    if extras:
        writer.conf(b"shared weights")
        writer.conf(Conf(bytes(range(32)), reference=True))
    for index in range(segments):
        sections = (bytes([index]) * 20, b"", b"latents")
        writer.segment(Segment(index, 2 * index, 2, sections, 7 << 40 | index, psnr=35.5))
    if extras:
        writer.times([-5, 0, 3, 1 << 40, 9, 10][: 2 * segments])
        writer.hdr(b"mastering")
        writer.mka(b"matroska")
        writer.meta({"tool": "test", "seed": 1, "lambda": 0.25, "tags": {"title": "x"}})
    writer.finish()
    return out.getvalue() if stream is None else b""


SMALL = write_file()


def split(data):
    """The boxes of a file as bytes, without INDX."""
    with Reader(data) as reader:
        return [data[box.offset : box.offset + box.length + 20] for box in reader.boxes[:-1]]


def index_rows(boxes):
    rows, position = [], len(SIGNATURE)
    for box in boxes:
        kind, frames = box[:4].decode(), (0, 0)
        if kind == "SEGM" and len(box) > 20:
            mini = MiniHeader.unpack(box[16:-4], Limits())
            frames = (mini.first_frame, mini.frame_count)
        rows.append([kind, position, len(box) - 20, *frames])
        position += len(box)
    return rows


def assemble(boxes, rows=None):
    """A file of `boxes` with a true INDX, or with one of `rows`, and a tail."""
    body = SIGNATURE + b"".join(boxes)
    index = cbor.dumps(index_rows(boxes) if rows is None else rows)
    return body + pack_box("INDX", index) + pack_tail(len(body))


def seal(body):
    """`body` with its CRC."""
    return body + crc32(body).to_bytes(4, "little")
