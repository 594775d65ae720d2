"""Deltas of a clip, and what its anchors' keyframes are called."""

from types import SimpleNamespace

import pytest

from ncodec.eval.anchors.video import anchor_settings
from ncodec.eval.bench.item import ClipItem
from ncodec.eval.results import Curve, Point


def curve(name, role, qualities):
    points = [
        Point(str(i), 1000 * 2**i, 0.1 * 2**i, quality={"psnr_y": quality})
        for i, quality in enumerate(qualities)
    ]
    return Curve(name, role, points)


def item(interval):
    info = SimpleNamespace(frames=20)
    spec = SimpleNamespace(name="clip", text="clip.mkv")
    clip = SimpleNamespace(spec=spec, info=info, interval=interval, description="")
    return ClipItem(clip, SimpleNamespace(original=lambda point: None), print)


def test_a_clip_of_several_segments_has_anchors_with_both_intervals():
    (setting,) = anchor_settings(["x264-medium"])
    assert item(8).intervals(setting) == [("x264 medium", 8), ("x264 medium, one GOP", 20)]
    assert item(20).intervals(setting) == [("x264 medium", 20)]


@pytest.mark.parametrize(("several", "anchors"), [(False, 1), (True, 2)])
def test_a_clip_of_one_segment_counts_in_both_means(several, anchors):
    whole = item(20)
    whole.add(curve("codec", "codec", [30, 32, 34, 36]))
    whole.add(curve("x264 medium", "anchor", [33, 35, 37, 39]))
    found = whole.finished((), several)
    names = ["x264 medium", "x264 medium, one GOP"][:anchors]
    assert [delta.anchor for delta in found.deltas] == names
    assert len({delta.rate for delta in found.deltas}) == 1
    assert found.deltas[0].rate > 0
    assert [curve.name for curve in found.curves] == ["codec", "x264 medium"]


def test_a_codec_that_is_a_reference_is_compared_with_as_anchors_are():
    clip = item(20)
    clip.add(curve("codec", "codec", [30, 32, 34, 36]))
    clip.add(curve("published", "codec", [28, 30, 32, 34]))
    clip.add(curve("x264 medium", "anchor", [33, 35, 37, 39]))
    found = clip.finished((), True, ["published"])
    pairs = {(delta.test, delta.anchor) for delta in found.deltas}
    assert pairs == {
        ("codec", "x264 medium"),
        ("codec", "x264 medium, one GOP"),
        ("codec", "published"),
        ("published", "x264 medium"),
        ("published", "x264 medium, one GOP"),
    }
    (against,) = (delta for delta in found.deltas if delta.anchor == "published")
    assert against.rate == pytest.approx(-50)
    found = {(match.test, match.reference, match.label) for match in found.matches}
    assert found == {("codec", "published", label) for label in "123"}
