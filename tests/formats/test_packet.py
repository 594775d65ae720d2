import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nc_files import make_header, seal

from ncodec.errors import DamagedFile, LimitExceeded, UnsupportedFormat, UsageError
from ncodec.formats import (
    Conf,
    Limits,
    agreement,
    iter_packets,
    pack_packet,
    unpack_packet,
)

AGREED = b"\x01\x02\x03\x04"


@given(st.binary(max_size=400))
@settings(max_examples=50, deadline=None)
def test_packets_round_trip_with_little_overhead(payload):
    packet = pack_packet(payload, AGREED)
    assert unpack_packet(packet, AGREED) == payload
    assert len(packet) - len(payload) == (11 if len(payload) < 128 else 12)


def test_exact_bytes():
    assert pack_packet(b"hi", AGREED).hex(" ") == "01 00 01 02 03 04 02 68 69 e8 ab c1 48"


@given(st.lists(st.binary(max_size=40), max_size=5))
@settings(max_examples=50, deadline=None)
def test_packets_stand_one_after_another(payloads):
    stream = b"".join(pack_packet(payload, AGREED) for payload in payloads)
    assert list(iter_packets(stream, AGREED)) == payloads


def test_every_flip_and_cut_is_detected():
    packet = pack_packet(b"a feature map", AGREED)
    for bit in range(8 * len(packet)):
        changed = bytearray(packet)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((DamagedFile, LimitExceeded)):
            unpack_packet(bytes(changed), AGREED)
    for length in range(len(packet)):
        with pytest.raises(DamagedFile):
            unpack_packet(packet[:length], AGREED)
    with pytest.raises(DamagedFile, match="1 bytes follow"):
        unpack_packet(packet + b"x", AGREED)


def test_the_agreement_is_of_header_and_model():
    header = make_header()
    known = {
        agreement(header),
        agreement(make_header(width=17)),
        agreement(header, [Conf(b"model")]),
        agreement(header, [Conf(b"another")]),
    }
    assert len(known) == 4
    reference = Conf(Conf(b"model").digest, reference=True)
    assert agreement(header, [reference]) == agreement(header, [Conf(b"model")])


def test_another_agreement_or_version_is_unsupported():
    packet = pack_packet(b"payload", AGREED)
    with pytest.raises(UnsupportedFormat, match="01020304 and this receiver has 00000000"):
        unpack_packet(packet, bytes(4))
    for start in (b"\x02\x00", b"\x01\x01"):
        with pytest.raises(UnsupportedFormat, match="newer ncodec"):
            unpack_packet(seal(start + packet[2:-4]), AGREED)


def test_packets_are_limited_and_agreements_have_four_bytes():
    with pytest.raises(LimitExceeded, match="box_bytes=10"):
        unpack_packet(pack_packet(bytes(10), AGREED), AGREED, Limits(box_bytes=9))
    with pytest.raises(UsageError, match="agreement has 3 bytes"):
        pack_packet(b"", b"abc")
