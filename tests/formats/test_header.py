from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nc_files import make_header

from ncodec.errors import DamagedFile, UnsupportedFormat, UsageError
from ncodec.formats import Header, VideoInfo, cbor
from ncodec.formats.boxes import pack_box

REALISTIC = Header(
    "hnerv",
    1,
    "video",
    VideoInfo(1920, 1080, 7200, Fraction(1001, 30000), "yuv420p10le", 10, 9, 16, 9),
)
U32 = st.integers(1, 2**32 - 1)
CODE_POINTS = st.integers(0, 255)
HEADERS = st.builds(
    Header,
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True),
    st.integers(1, 255),
    st.sampled_from(["video", "image", "features"]),
    st.builds(
        VideoInfo,
        st.integers(1, 16384),
        st.integers(1, 16384),
        st.integers(0, 1 << 24),
        st.builds(Fraction, U32, U32),
        st.from_regex(r"[a-z0-9_]{1,32}", fullmatch=True),
        st.integers(8, 16),
        CODE_POINTS,
        CODE_POINTS,
        CODE_POINTS,
        st.booleans(),
        CODE_POINTS,
        st.builds(Fraction, U32, U32),
        st.sampled_from([0, 90, 180, 270]),
        st.booleans(),
        st.integers(0, 5),
    ),
)


@given(HEADERS)
@settings(max_examples=100, deadline=None)
def test_headers_round_trip(header):
    assert Header.unpack(header.pack()) == header


def test_only_a_head_with_a_field_of_minor_version_1_is_of_that_version():
    assert 1 not in cbor.loads(REALISTIC.pack(), "HEAD")
    for change in ({"mirrored": True}, {"field_order": 2}):
        header = replace(REALISTIC, info=replace(REALISTIC.info, **change))
        assert cbor.loads(header.pack(), "HEAD")[1] == 1
    record = {**cbor.loads(REALISTIC.pack(), "HEAD"), 1: 1}
    with pytest.raises(DamagedFile, match="leave out"):
        Header.unpack(cbor.dumps(record))


def test_a_realistic_head_box_is_about_75_bytes():
    assert len(pack_box("HEAD", REALISTIC.pack())) == 73
    everything = replace(
        REALISTIC.info,
        full_range=True,
        chroma_location=1,
        sample_aspect_ratio=Fraction(4, 3),
        rotation=90,
    )
    assert len(pack_box("HEAD", replace(REALISTIC, info=everything).pack())) == 84


def test_features_need_no_picture():
    header = Header("student", 1, "features", VideoInfo(0, 0, 0, Fraction(1), ""))
    assert Header.unpack(header.pack()) == header
    assert len(header.pack()) == 16


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 0}, "width is 0 but must be an integer from 1"),
        ({"height": 2**32}, "height"),
        ({"width": 16.0}, "width"),
        ({"width": True}, "width"),
        ({"frames": -1}, "frames"),
        ({"bit_depth": 7}, "bit_depth is 7 but must be an integer from 8 to 16"),
        ({"primaries": 256}, "primaries"),
        ({"full_range": 1}, "full_range"),
        ({"rotation": 45}, "rotation is 45 but must be 0, 90, 180 or 270"),
        ({"time_base": Fraction(0)}, "time_base"),
        ({"time_base": 0.04}, "time_base"),
        ({"sample_aspect_ratio": Fraction(-1)}, "sample_aspect_ratio"),
        ({"pixel_format": ""}, "pixel_format"),
        ({"pixel_format": "yuv 420"}, "pixel_format"),
    ],
)
def test_values_that_no_head_holds(changes, message):
    with pytest.raises(UsageError, match=message):
        make_header(**changes)


@pytest.mark.parametrize(
    "changes", [{"codec_id": ""}, {"codec_id": "Ab"}, {"media_kind": "x"}, {"bitstream_version": 0}]
)
def test_codec_version_and_kind_are_checked(changes):
    with pytest.raises(UsageError, match=next(iter(changes))):
        replace(REALISTIC, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {1: -1},
        {1: "0"},
        {2: None},
        {2: b"raw"},
        {3: 0},
        {4: 0},  # a default spelled out
        {5: "16"},
        {5: None},
        {6: 0},
        {8: [1]},
        {8: [0, 25]},
        {8: [2, 50]},  # not in lowest terms
        {8: 25},
        {10: 17},
        {14: 1},
        {17: 1},
        {18: 0},
        {"width": 5},
    ],
)
def test_heads_that_cannot_be_right(changes):
    values = cbor.loads(make_header().pack(), "HEAD")
    with pytest.raises(DamagedFile):
        Header.unpack(cbor.dumps({**values, **changes}))


@pytest.mark.parametrize("payload", [b"", b"\x80", b"\xa0", b"\xa1\x00\x60", b"\xff"])
def test_heads_that_are_none(payload):
    with pytest.raises(DamagedFile):
        Header.unpack(payload)


def test_an_unknown_media_kind_is_unsupported():
    values = cbor.loads(make_header().pack(), "HEAD")
    with pytest.raises(UnsupportedFormat, match="kind 3"):
        Header.unpack(cbor.dumps({**values, 4: 3}))
