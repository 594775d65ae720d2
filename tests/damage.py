"""A .nc file taken apart and put together again with right checksums, lies included."""

import io
from dataclasses import replace

from ncodec.formats import Header, Reader, Writer


def rewritten(data, *, sections=lambda sections: sections, header=None, times=None):
    """`data` with its segments' sections passed through a function, and other header fields.

    Every CRC and the index are right again; the hash of the integers is the old one.
    """
    out = io.BytesIO()
    with Reader(data) as reader:
        old = reader.header
        info = replace(old.info, **header or {})
        writer = Writer(out, Header(old.codec_id, old.bitstream_version, old.media_kind, info))
        for entry in reader.segments:
            segment = reader.read_segment(entry.index)
            writer.segment(replace(segment, sections=tuple(sections(segment.sections))))
        if times:
            writer.times(times)
        writer.finish()
    return out.getvalue()


def broken(data, index):
    """`data` with a wrong bit in segment `index`."""
    with Reader(data) as reader:
        entry = reader.segments[index]
    changed = bytearray(data)
    changed[entry.offset + entry.length // 2] ^= 1
    return bytes(changed)
