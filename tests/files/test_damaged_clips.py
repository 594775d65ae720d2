"""Whatever the bytes, opening and decoding ends with frames or with one of ncodec's errors."""

import random
import resource

import numpy as np
import pytest
from damage import broken, rewritten
from hypothesis import given
from hypothesis import strategies as st
from synthetic import same_planes

import ncodec
from ncodec.errors import DamagedFile, LimitExceeded, NcodecError, UnsupportedFormat
from ncodec.formats import cbor
from ncodec.formats import repair as repair_file


@pytest.fixture(scope="module")
def data(nc_file):
    return nc_file.read_bytes()


@pytest.fixture(scope="module")
def frames(data):
    with ncodec.open(data, threads=1) as clip:
        return list(clip)


def outcome(data):
    """The frames, or the error."""
    try:
        with ncodec.open(data, threads=1) as clip:
            return list(clip)
    except NcodecError as error:
        return error


def test_a_truncated_file_is_damaged(data):
    for end in np.linspace(0, len(data) - 1, 60).astype(int):
        assert isinstance(outcome(data[:end]), NcodecError), end


def test_a_flipped_bit_is_found_or_was_in_what_nobody_reads(data, frames):
    rng = random.Random(0)
    for bit in rng.sample(range(8 * len(data)), 100):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        found = outcome(bytes(flipped))
        assert isinstance(found, NcodecError) or same_planes(found, frames), bit


@pytest.mark.parametrize("number", range(3))
def test_flipped_bits_under_right_checksums(data, number):
    rng = random.Random(number)
    for _ in range(30):
        outcome(rewritten(data, sections=lambda sections: flipped(sections, number, rng)))


def flipped(sections, number, rng):
    section = bytearray(sections[number])
    bit = rng.randrange(8 * len(section))
    section[bit // 8] ^= 1 << bit % 8
    return (*sections[:number], bytes(section), *sections[number + 1 :])


@given(st.integers(0, 2), st.binary(max_size=80))
def test_any_bytes_as_a_section_are_damage(data, number, junk):
    def swap(sections):
        return (*sections[:number], junk, *sections[number + 1 :])

    assert isinstance(outcome(rewritten(data, sections=swap)), NcodecError)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s[: len(s) // 2], lambda s: b""])
def test_shorter_sections_are_damage(data, number, change):
    def cut(sections):
        return (*sections[:number], change(sections[number]), *sections[number + 1 :])

    assert isinstance(outcome(rewritten(data, sections=cut)), NcodecError)


def test_more_or_fewer_sections_are_damage(data):
    for change in (lambda s: s[:2], lambda s: (*s, b""), lambda s: ()):
        assert isinstance(outcome(rewritten(data, sections=change)), DamagedFile)


@pytest.mark.parametrize("width", [64, 1024, 1 << 14])
def test_a_network_that_is_too_large_costs_no_memory(data, width):
    def wide(sections):
        shape = cbor.loads(sections[0], "shape")
        shape[1] = [width] * len(shape[1])
        return (cbor.dumps(shape), *sections[1:])

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert isinstance(outcome(rewritten(data, sections=wide)), DamagedFile | LimitExceeded)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ({"pixel_format": "rgb24"}, UnsupportedFormat),
        ({"pixel_format": "yuv420p10le"}, UnsupportedFormat),
        ({"bit_depth": 12}, UnsupportedFormat),
        ({"width": 1 << 21}, LimitExceeded),
        ({"width": 32768, "height": 32768}, LimitExceeded),
        ({"width": 5000}, NcodecError),
    ],
)
def test_headers_that_lie(data, header, kind):
    assert isinstance(outcome(rewritten(data, header=header)), kind)


def test_any_colour_that_a_header_can_name_decodes_or_is_refused(data):
    for matrix in range(18):
        for full in (True, False):
            header = {"matrix": matrix, "primaries": matrix, "transfer": matrix, "full_range": full}
            outcome(rewritten(data, header=header))


def test_times_that_do_not_increase_are_damage(data):
    times = list(range(16))
    times[5] = 4
    assert isinstance(outcome(rewritten(data, times=times)), DamagedFile)
    assert ncodec.probe(rewritten(data, times=[0] * 16)).duration > 0


@pytest.mark.parametrize(("lost", "left"), [(0, range(8, 16)), (1, range(8))])
def test_repair_saves_the_intact_segment_with_its_times(data, frames, tmp_path, lost, left):
    report = repair_file(broken(data, lost), tmp_path / "a.nc")
    assert report.kept == (1 - lost,)
    with ncodec.open(tmp_path / "a.nc", threads=1) as clip:
        assert len(clip) == 16
        assert list(clip.available()) == list(left)
        saved = list(clip)
        with pytest.raises(DamagedFile, match="segment that this file has lost"):
            clip[8 * lost]
    assert [frame.pts for frame in saved] == list(left)
    assert same_planes(saved, [frames[i] for i in left])


def test_repair_on_the_command_line(command, data, tmp_path):
    (tmp_path / "broken.nc").write_bytes(broken(data, 0))
    ran = command("repair", "broken.nc", "-o", "a.nc")
    assert (ran.code, ran.err) == (0, "a.nc: 1 segment kept\nlost: frames 0 to 7\n")
    decoded = command("decode", "a.nc", "-o", "a.mkv", "--threads", 1)
    assert decoded.err.startswith("a.mkv: 8 frames")
    verified = command("verify", "a.nc")
    assert (verified.code, "lacks frames 0 to 7" in verified.err) == (4, True)
    assert command("info", "a.nc").code == 0
