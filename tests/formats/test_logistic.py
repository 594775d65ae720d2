"""The tables of the logistic domain, against exact arithmetic."""

from decimal import Context, Decimal

from ncodec.formats.entropy.logistic import REACH, SQUASH, STRETCH

EXACT = Context(prec=40)


def test_squash_is_rounded_down():
    odds = [EXACT.exp(EXACT.divide(Decimal(-x), Decimal(256))) for x in range(-REACH, REACH + 1)]
    values = [int(EXACT.divide(Decimal(65536), EXACT.add(Decimal(1), each))) for each in odds]
    assert SQUASH.tolist() == [min(max(value, 1), 65535) for value in values]


def test_stretch_is_rounded_to_the_nearest():
    odds = [EXACT.divide(Decimal(2 * i + 1), Decimal(8191 - 2 * i)) for i in range(4096)]
    assert STRETCH.tolist() == [int((EXACT.ln(each) * 256).to_integral_value()) for each in odds]
