"""What stands beside the coefficients: Huffman tables that follow from them, and thumbnails."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jpegs import jpeg, kinds, scene

from ncodec.errors import DamagedFile, LimitExceeded
from ncodec.jpeg.dictionary import HeaderCounts
from ncodec.jpeg.files import decode_file, encode_file
from ncodec.jpeg.headers import DERIVED, Unsupported, tables_in
from ncodec.jpeg.huffman import optimal_table
from ncodec.jpeg.packing import Outline
from ncodec.jpeg.rebuild import parse, rebuild
from ncodec.jpeg.thumbnails import pack_section, unpack_section

KINDS = kinds()
OPTIMISED = {
    "sequential": jpeg(quality=90, optimize=True),
    "grey": jpeg(scene().convert("L"), quality=30, optimize=True),
    "progressive": jpeg(quality=80, progressive=True),
    "restarts": jpeg(quality=95, subsampling=0, progressive=True, restart_marker_blocks=5),
}
THUMBNAIL = jpeg(scene(160, 120), quality=75)


def with_thumbnails(*thumbnails):
    """A file with files in its EXIF."""
    exif = b"Exif\0\0" + b"".join(b"before" + t for t in thumbnails) + b"behind"
    return jpeg(scene(200, 160, 3), quality=85, exif=exif)


@pytest.mark.parametrize("name", OPTIMISED)
def test_the_tables_of_libjpegs_optimiser_are_only_named(name):
    data = OPTIMISED[name]
    found = parse(data)
    outline = Outline.of(found)
    at, count = 0, 0
    while (at := outline.headers.find(b"\xff\xc4", at)) >= 0:
        size = int.from_bytes(outline.headers[at + 2 : at + 4], "big")
        tables = tables_in(outline.headers[at + 4 : at + 2 + size])
        assert all(table == b"" for _, table in tables)
        assert all(byte & DERIVED for byte in outline.headers[at + 4 : at + 2 + size])
        count += len(tables)
        at += size
    assert count
    assert len(outline.headers) < len(found.headers) - 16 * count
    assert rebuild(outline.jpeg(found.coefficients, len(found.pads), len(found.breaks))) == data
    assert decode_file(encode_file(data, 1), 1) == data


def test_other_tables_stay_as_they_are():
    found = parse(KINDS["baseline-0"])
    assert Outline.of(found).headers == found.headers


def test_a_table_that_is_only_named_is_no_table_of_a_file():
    found = parse(OPTIMISED["grey"])
    headers = Outline.of(found).headers
    data = OPTIMISED["grey"]
    scan = data[data.index(b"\xff\xda") + 2 + 8 :]
    with pytest.raises(Unsupported):
        parse(headers[:-2] + scan)


@given(st.dictionaries(st.integers(0, 255), st.integers(1, 2**40), min_size=1))
def test_the_best_table_is_one_that_jpeg_allows(counts):
    array = np.zeros(256, np.int64)
    array[list(counts)] = list(counts.values())
    table = optimal_table(array)
    numbers, symbols = table[:16], table[16:]
    assert sorted(symbols) == sorted(counts)
    assert sum(numbers) == len(symbols)
    # Kraft's sum leaves room for the code of all ones.
    assert sum(n << (16 - length) for length, n in enumerate(numbers, 1)) < 1 << 16
    lengths = [length for length, n in enumerate(numbers, 1) for _ in range(n)]
    code = dict(zip(symbols, lengths, strict=True))
    if max(lengths) < 16:
        for a in counts:
            for b in counts:
                assert counts[a] <= counts[b] or code[a] <= code[b]


@pytest.mark.parametrize(
    "thumbnails", [[THUMBNAIL], [THUMBNAIL, THUMBNAIL], [THUMBNAIL, OPTIMISED["progressive"]]]
)
def test_thumbnails_are_coded_as_pictures(thumbnails):
    data = with_thumbnails(*thumbnails)
    outline = Outline.of(parse(data), b"after")
    section = pack_section(outline)
    distinct = set(thumbnails)
    assert section[0] == len(distinct)
    assert unpack_section(section) == (outline, False)
    assert len(section) < len(outline.pack()) - sum(len(t) for t in distinct) // 10
    assert decode_file(encode_file(data, 1), 1) == data


def test_damaged_and_larger_thumbnails_are_kept_as_bytes():
    for thumbnail in (THUMBNAIL[:200], b"\xff\xd8\xff" + bytes(50), b"\xff\xd8\xff" * 40):
        data = with_thumbnails(thumbnail)
        section = pack_section(Outline.of(parse(data)))
        assert section[0] == 0
        assert decode_file(encode_file(data, 1), 1) == data


def test_false_sections_end_in_an_error_of_ours():
    section = pack_section(Outline.of(parse(with_thumbnails(THUMBNAIL))))
    chance = random.Random(0)
    for _ in range(60):
        changed = bytearray(section)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(min(len(changed), 300))] = chance.randrange(256)
        try:
            unpack_section(bytes(changed[: chance.choice([len(changed), 100])]))
        except (DamagedFile, LimitExceeded):
            continue


def test_a_dictionary_has_what_files_share():
    counts = HeaderCounts()
    for seed in range(3):
        picture = scene(200, 160, seed)
        counts.add(parse(jpeg(picture, quality=85, optimize=True, comment=b"of all")))
        counts.add(parse(jpeg(picture, quality=40, comment=b"%d alone" % seed)))
    made = counts.dictionary()
    assert b"of all" in made
    assert b"alone" not in made
    # Frame headers differ in their sizes; what is behind them is one piece.
    assert b"\xff\xc4\0\x03\x80\xff\xc4\0\x03\x90" in made
    assert b"\xff\xc0" not in made
