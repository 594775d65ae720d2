"""Small files that the container's tests read and break."""

import io
from fractions import Fraction

from ncodec.formats import Conf, Header, Segment, VideoInfo, Writer


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
