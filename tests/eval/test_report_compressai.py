import json

import pytest

from ncodec.errors import InputError
from ncodec.eval.report import export_compressai, import_compressai
from ncodec.eval.results import Curve, Item, Point, Speed, Summary


def summary(*curves, item="bunny 640x1280.mp4", unit="bits a pixel"):
    return Summary("video", "t", unit, [], [Item(item, "", "132 frames", curves)])


def point(rate, bitrate=None, encode=None, **quality):
    return Point("p", 1, rate, bitrate, quality=quality, encode=encode)


def curve(*points, name="hnerv", role="codec", seed=None):
    return Curve(name, role, points, "slow", seed)


def parse(path, metric, horizontal):
    """What compressai.utils.plot (bpp) and compressai.utils.video.plot (bitrate) access."""
    data = json.loads(path.read_text())
    results = data["results"]
    if horizontal == "bpp" and metric in ("psnr", "ms-ssim"):
        metric = f"{metric}-rgb"
    return data["name"], results[horizontal], results[metric]


def test_their_plots_read_ours(tmp_path):
    points = [
        point(0.1, 100.0, Speed(3.5), psnr_rgb=30.0, ms_ssim_rgb=0.9, psnr_y=31.0),
        point(0.4, 400.0, Speed(4.5), psnr_rgb=35.0, ms_ssim_rgb=0.98, psnr_y=36.0),
    ]
    (path,) = export_compressai(summary(curve(*points, seed=2)), tmp_path)
    assert path == tmp_path / "compressai" / "bunny-640x1280-mp4" / "hnerv-seed-2.json"
    assert parse(path, "psnr", "bpp") == ("hnerv, seed 2", [0.1, 0.4], [30.0, 35.0])
    assert parse(path, "ms-ssim", "bpp")[2] == [0.9, 0.98]
    assert parse(path, "psnr-y", "bitrate")[1:] == ([100.0, 400.0], [31.0, 36.0])
    found = json.loads(path.read_text())
    assert found["description"] == "bunny 640x1280.mp4: 132 frames; slow"
    assert found["results"]["encoding_time"] == [3.5, 4.5]
    assert "decoding_time" not in found["results"]


def test_a_list_with_a_hole_is_left_out(tmp_path):
    points = point(0.1, psnr_y=30.0, xpsnr_y=None, ssim_y=0.5), point(0.2, psnr_y=31.0, xpsnr_y=9.0)
    (path,) = export_compressai(summary(curve(*points)), tmp_path)
    assert json.loads(path.read_text())["results"] == {"bpp": [0.1, 0.2], "psnr-y": [30.0, 31.0]}


def test_lossless_curves_have_nothing_to_plot(tmp_path):
    assert export_compressai(summary(curve(point(2.5))), tmp_path) == []


def test_other_rates_have_other_names(tmp_path):
    found = summary(curve(point(900.0, agreement=90.0)), unit="bytes an image")
    (path,) = export_compressai(found, tmp_path)
    assert json.loads(path.read_text())["results"]["bytes-an-image"] == [900.0]


def test_files_stay_apart_and_inside_the_folder(tmp_path):
    names = ["../../up", "up", "a/b", "a:b", "", "..", "é"]
    curves = [curve(point(1.0, psnr_y=1.0), name=name) for name in names]
    paths = export_compressai(summary(*curves, item="../out"), tmp_path)
    assert len(set(paths)) == len(names)
    assert {path.parent for path in paths} == {tmp_path / "compressai" / "out"}
    assert [json.loads(path.read_text())["name"] for path in paths] == names


def test_a_curve_survives_the_round_trip(tmp_path):
    points = [
        point(0.1, 100.0, Speed(3.5), psnr_rgb=30.0, ms_ssim_rgb=0.9),
        point(0.4, 400.0, Speed(4.5), psnr_rgb=35.0, ms_ssim_rgb=0.98),
    ]
    (path,) = export_compressai(summary(curve(*points, name="x264, veryslow")), tmp_path)
    found = import_compressai(path)
    assert (found.name, found.role) == ("x264, veryslow", "imported")
    assert [(p.rate, p.bitrate, p.quality, p.encode) for p in found.points] == [
        (p.rate, p.bitrate, p.quality, p.encode) for p in points
    ]


def test_published_files_old_and_new(tmp_path):
    path = tmp_path / "bmshj2018.json"
    new = {"bpp": [0.5, 0.25], "psnr-rgb": [32.0, 29.5], "ms-ssim-rgb": [0.97, 0.95]}
    old = {"bpp": [0.5, 0.25], "psnr": [32.0, 29.5], "ms-ssim": [0.97, 0.95]}
    for results in (new, old):
        path.write_text(json.dumps({"name": "bmshj", "description": "Ballé", "results": results}))
        found = import_compressai(path)
        assert (found.name, found.settings) == ("bmshj", "Ballé")
        assert [p.rate for p in found.points] == [0.25, 0.5]
        assert found.points[0].quality == {"psnr_rgb": 29.5, "ms_ssim_rgb": 0.95}
    path.write_text(json.dumps(old))
    assert import_compressai(path).name == "bmshj2018"
    path.write_text(json.dumps({"bpp": [0.5], "rgb_psnr": [30.0], "y_psnr": [33.0], "qp": ["q"]}))
    assert import_compressai(path).points[0].quality == {"psnr_rgb": 30.0, "psnr_y": 33.0}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"results": {"psnr-rgb": [1]}}', "no list results.bpp, and"),
        ('{"results": {"bpp": []}}', "values over 0"),
        ('{"results": {"bpp": [0]}}', "values over 0"),
        ('{"results": {"bpp": [1, 2], "psnr-rgb": [3]}}', "psnr-rgb has not the 2 values"),
        ('{"results": {"bpp": [1, null]}}', "None, which is no number"),
        ('{"results": {"bpp": [1], "psnr-rgb": ["30"]}}', "'30', which is no number"),
        ('{"results": {"bpp": [1], "psnr": 3}}', "psnr is no list"),
        ('{"results": {"bpp": [NaN]}}', "nan, which is no number"),
    ],
)
def test_what_is_wrong_is_said(text, reason, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=reason) as caught:
        import_compressai(path)
    assert str(path) in str(caught.value)


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="check the path"):
        import_compressai(tmp_path / "none.json")
    (tmp_path / "latin").write_bytes(b'{"name": "\xe9"}')
    with pytest.raises(InputError, match="no JSON"):
        import_compressai(tmp_path / "latin")
