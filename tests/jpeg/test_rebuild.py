"""JPEG files become coefficients, and the same bytes again."""

import random
import re
import time
from contextlib import suppress

import numpy as np
import pytest
from jpegs import jpeg, kinds, scene

from ncodec.formats import integer_hash
from ncodec.jpeg.files import decode_file, encode_file
from ncodec.jpeg.headers import Unsupported
from ncodec.jpeg.rebuild import Jpeg, frame_of, parse, rebuild

KINDS = kinds()
STORED = 5


def back(data):
    """What a file's segments decode to, and whether it was rebuilt."""
    segments = encode_file(data, 1)
    return decode_file(segments, 1), len(segments[0].sections) <= STORED


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_comes_back_from_its_coefficients(name):
    data = KINDS[name]
    found = parse(data)
    assert rebuild(found) == data
    assert len(found.headers) < len(data)
    assert not found.coefficients[-1].any()


@pytest.mark.parametrize("name", ["grey", "cmyk", "baseline-2", "progressive-1-restarts", "one"])
def test_every_kind_comes_back_from_its_segments(name):
    assert back(KINDS[name]) == (KINDS[name], True)


def test_a_coded_file_is_smaller():
    data = jpeg(scene(160, 120), quality=90)
    size = sum(len(section) for section in encode_file(data, 1)[0].sections)
    assert size < 0.85 * len(data)


def test_the_padding_of_intervals_is_kept():
    data = bytearray(KINDS["grey"])
    assert data[-2:] == b"\xff\xd9"
    before = parse(bytes(data))
    for bit in range(7):  # the last byte's bits that are padding are ones
        if data[-3] >> bit & 1 == 0:
            break
        data[-3] &= ~(1 << bit)
        try:
            found = parse(bytes(data))
        except Unsupported:
            break
        if not np.array_equal(found.coefficients, before.coefficients):
            break
        assert found.pads.any()
        assert back(bytes(data))[0] == data


def test_a_byte_of_ones_may_end_any_interval():
    data = KINDS["baseline-1-restarts"]
    start = data.index(b"\xff\xda")
    for every in (1, 3):
        marks = [match.start() for match in re.finditer(rb"\xff[\xd0-\xd7]", data[start:])]
        filled = bytearray(data)
        for place in reversed(marks[::every]):
            filled[start + place : start + place] = b"\xff\0"
        assert parse(bytes(filled)).size == len(filled)
        assert back(bytes(filled)) == (filled, True)


def test_bytes_behind_the_end_are_kept():
    data = KINDS["baseline-2"] + b"\0\xff\xd8\xff junk" * 3
    assert back(data) == (data, True)


def test_pictures_behind_one_another_are_all_rebuilt():
    data = KINDS["baseline-2"] + b"between" + KINDS["grey"] + KINDS["progressive-0"]
    segments = encode_file(data, 1)
    assert len(segments) == 3
    assert decode_file(segments, 1) == data


def test_scans_and_pictures_have_limits():
    one = KINDS["one"]
    assert decode_file(encode_file(one * 70, 1), 1) == one * 70
    assert len(encode_file(one * 70, 1)) == 64
    grey = KINDS["grey"]
    scan = grey[grey.index(b"\xff\xda") : -2]
    many = grey[:-2] + scan * 300 + grey[-2:]
    assert parse(many).size == len(grey) - 2 + 255 * len(scan)


def test_runs_of_ends_of_bands_may_be_short():
    found = parse(KINDS["flat"])
    scans = frame_of(found.headers)[2]
    broken = tuple(np.array([3, 300] if scan.band[0] else [], np.int64) for scan in scans)
    headers = _with_all_runs(found.headers)
    # The size is known once it is written; no break makes a file a KiB longer.
    sizes = reversed(range(len(headers), len(headers) + 1024))
    jpegs = (Jpeg(headers, found.coefficients, found.pads, broken, size) for size in sizes)
    data = next(filter(None, map(_written, jpegs)))
    assert [list(b) for b in parse(data).breaks] == [list(b) for b in broken]
    assert back(data) == (data, True)


def _with_all_runs(headers):
    """Headers whose AC tables have a code for every run of ends of bands, and no other."""
    table = bytes([0] * 7 + [15] + [0] * 8) + bytes(range(0, 0xF0, 16))
    return re.sub(
        rb"\xff\xc4..([\x10\x11]).*?(?=\xff[\xda\xc4])",
        lambda match: b"\xff\xc4" + (3 + len(table)).to_bytes(2, "big") + match[1] + table,
        headers,
        flags=re.DOTALL,
    )


def _written(found):
    try:
        return rebuild(found)
    except Unsupported:
        return None


def test_large_pictures_are_coded_in_stripes_side_by_side():
    data = jpeg(scene(1700, 1300), quality=60, subsampling=0)
    segments = encode_file(data, 2)
    assert len(segments) > 1
    assert decode_file(segments, 2) == data


@pytest.mark.parametrize("name", ["grey", "baseline-2", "baseline-1-restarts", "progressive-0"])
def test_what_is_cut_in_a_scan_is_rebuilt_up_to_there(name):
    whole = KINDS[name]
    for end in range(whole.index(b"\xff\xda") + 200, len(whole) - 2, 61):
        found = parse(whole[:end])
        assert rebuild(found) == whole[: found.size]
        in_a_header = whole[found.size] == 0xFF and whole[found.size + 1] == 0xC4
        assert in_a_header or found.size > end - 3


@pytest.mark.parametrize("end", [3, 30, 200, 400, 700, -300, -1])
def test_what_is_cut_anywhere_comes_back(end):
    data = KINDS["baseline-2"][:end]
    assert back(data) == (data, end > 600 or end < 0)


def test_what_is_cut_is_smaller():
    data = jpeg(scene(160, 120), quality=90)[:-3000]
    size = sum(len(section) for section in encode_file(data, 1)[0].sections)
    assert size < 0.9 * len(data)


def test_a_height_that_comes_behind_the_scan_is_found():
    data = bytearray(KINDS["grey"])
    at = data.index(b"\xff\xc0") + 5
    height = data[at : at + 2]
    data[at : at + 2] = bytes(2)
    assert parse(bytes(data[:-2]) + b"\xff\xdc\0\4" + height + data[-2:]).size == len(data) + 6
    with pytest.raises(Unsupported, match="x0"):
        parse(bytes(data))


def test_the_usual_tables_may_be_left_out():
    data = KINDS["baseline-2"]
    bare = re.sub(rb"\xff\xc4.*(?=\xff\xda)", b"", data, flags=re.DOTALL)
    assert len(bare) < len(data) - 400
    assert np.array_equal(parse(bare).coefficients, parse(data).coefficients)
    assert back(bare) == (bare, True)


def test_components_of_one_name_are_meant_in_turn():
    data = re.sub(
        rb"\x01\x22\x00\x02\x11\x01\x03\x11\x01", b"\1\x22\0\1\x11\1\1\x11\1", KINDS["baseline-2"]
    )
    data = data.replace(b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11", b"\xff\xda\0\x0c\3\1\0\1\x11\1\x11")
    assert data != KINDS["baseline-2"]
    assert np.array_equal(parse(data).coefficients, parse(KINDS["baseline-2"]).coefficients)


def test_a_header_cannot_make_the_parser_allocate():
    data = bytearray(KINDS["grey"])
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = b"\xff\xff" * 2
    start = time.process_time()
    with pytest.raises(Unsupported, match=r"too short|over the limit"):
        parse(bytes(data))
    assert time.process_time() - start < 5
    assert back(bytes(data)) == (bytes(data), False)


@pytest.mark.parametrize(
    ("kind", "words"), [(0xC9, "arithmetic"), (0xC3, "lossless"), (0xC5, "hierarchical")]
)
def test_other_processes_are_named(kind, words):
    data = bytearray(KINDS["grey"])
    data[data.index(b"\xff\xc0") + 1] = kind
    with pytest.raises(Unsupported, match=words):
        parse(bytes(data))
    assert back(bytes(data)) == (bytes(data), False)


@pytest.mark.parametrize("name", ["baseline-2", "progressive-2", "baseline-1-restarts"])
def test_damage_crashes_nothing_and_every_byte_comes_back(name):
    chance = random.Random(name)
    for round_ in range(150):
        data = bytearray(KINDS[name])
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(2, len(data))
            way = chance.randrange(4)
            if way == 0:
                data[at] = chance.randrange(256)
            elif way == 1:
                data[at] ^= 1 << chance.randrange(8)
            elif way == 2:
                del data[at : at + chance.randrange(9)]
            else:
                data[at:at] = chance.randbytes(3)
        with suppress(Unsupported):
            found = parse(bytes(data))
            assert rebuild(found) == data[: found.size]
        if round_ % 15 == 0:
            assert back(bytes(data))[0] == data


def test_the_hash_of_a_first_stripe_is_of_the_file():
    segment = encode_file(KINDS["grey"], 1)[0]
    assert segment.integer_hash == integer_hash([np.frombuffer(KINDS["grey"], np.uint8)])
