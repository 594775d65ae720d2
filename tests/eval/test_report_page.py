import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

from ncodec.errors import InputError, MissingDependency
from ncodec.eval.report import table, write_report
from ncodec.eval.results import (
    Average,
    Curve,
    Delta,
    Item,
    Metric,
    Point,
    Speed,
    Summary,
    load_summary,
)

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

PSNR = Metric("psnr_y", "PSNR-Y", "dB", "Of luma.")
SSIM = Metric("ssim_y", "SSIM-Y", "", "Of luma, too.")
VOID = {"meta", "link", "img", "br", "hr", "input"}


def clip_point(label, rate, psnr, picture=None):
    return Point(
        label,
        size=int(rate * 1e6),
        rate=rate,
        bitrate=rate * 1000,
        breakdown={"weights": 900, "header": 17},
        quality={"psnr_y": psnr, "ssim_y": psnr / 50},
        encode=Speed(12.5, 20.25, 123_000_000, 2.0),
        decode=Speed(0.75, 0.5, 45_000_000, 31.25),
        macs_per_pixel=12_345.0,
        commands=[f"ncodec encode a.y4m a.nc --crf {label}"],
        picture=picture,
    )


def clips(folder):
    """Two clips, a codec with three seeds, an anchor, an imported curve."""
    for name, shift in (("source", 0), ("ours", 3), ("theirs", 9)):
        noise = np.random.default_rng(shift).integers(0, 1 + shift, (150, 200, 3))
        picture = np.full((150, 200, 3), 90) + noise
        picture[20:148, 60:188] += np.random.default_rng(7).integers(0, 99, (128, 128, 3))
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{name}.png")
    items = []
    for name in ("bunny", "bikes"):
        ours = [
            Curve(
                "hnerv",
                "codec",
                [clip_point(f"{r} M", r, 33 + 9 * r + s, "ours.png") for r in (0.01, 0.03, 0.2)],
                "preset slow",
                seed=s,
            )
            for s in range(3)
        ]
        theirs = Curve(
            "x264 medium",
            "anchor",
            [clip_point(f"crf {c}", 0.5 / c, 60 - c, "theirs.png") for c in (40, 30, 20, 10)],
        )
        paper = Curve("HNeRV, paper", "imported", [Point("1", 0, 0.05, quality={"psnr_y": 35.0})])
        deltas = [
            Delta("hnerv", s, "x264 medium", "psnr_y", -20.5 + s, 0.75, 0.9) for s in range(3)
        ]
        if name == "bikes":
            deltas[1] = Delta("hnerv", 1, "x264 medium", "psnr_y", None, None, 0.3, "too far apart")
        curves = [*ours, theirs, paper]
        items.append(
            Item(name, f"{name}.mp4", "small", curves, deltas, ["VMAF: no filter"], "source.png", 4)
        )
    averages = [
        Average("hnerv", "x264 medium", "psnr_y", None, None, 1, ["bikes"]),
        Average("hnerv", "x264 medium", "ssim_y", -19.5, 0.01, 2, [], (-20.5, -18.5)),
    ]
    return Summary(
        "video",
        "Two clips",
        "bits a pixel",
        [PSNR, SSIM],
        items,
        averages,
        ["Reduced to a quarter."],
        ["bikes: hnerv, 9 M: no memory"],
        {
            "machine": {"cpu": "some", "cores": 2, "gpus": []},
            "started": "2026-01-02T03:04:05+00:00",
        },
    )


def stills():
    def curve(name, role, rate, equal):
        point = Point(
            name, 100 * rate, rate, encode=Speed(1, rate=8.5), decode=Speed(1), equal=equal
        )
        return Curve(name, role, [point])

    coders = [curve("ncodec best", "codec", 2.0, True), curve("PNG", "anchor", 2.5, True)]
    broken = curve("broken", "anchor", 1.0, False)
    items = [Item("a", "a.png", "grey", coders), Item("b", "b.png", "RGB", [*coders, broken])]
    return Summary("images", "Stills", "bits a subpixel", [], items)


def features():
    agreement = Metric("agreement", "Agreement", "%", "With the teacher.")
    curves = [
        Curve(name, role, [Point(str(r), r, r, quality={"agreement": q}) for r, q in points])
        for name, role, points in (
            ("features", "codec", ((100, 80.0), (300, 92.5))),
            ("JPEG", "anchor", ((900, 70.0), (2000, 95.0))),
        )
    ]
    return Summary(
        "features",
        "Bytes and agreement",
        "bytes an image",
        [agreement],
        [Item("d", "d", "", curves)],
    )


def bare(kind):
    """Nothing is known."""
    point = Point("", 0, 0.0, quality={"psnr_y": None})
    curves = [Curve("", "codec", [point], seed=1), Curve("none", "anchor", [])]
    delta = Delta("", 1, "none", "psnr_y", None, None, 0.0)
    item = Item("", "", "", curves, [delta], picture="gone.png")
    return Summary(kind, "", "", [PSNR], [item], [Average("", "none", "psnr_y", None, None, 0)])


class Reader(HTMLParser):
    """Checks that tags are balanced; collects texts, ids and whatever a browser would fetch."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.fetched, self.text = [], [], [], ""
        self.scripts = 0
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.note(tag, attrs)

    def handle_startendtag(self, tag, attrs):
        self.note(tag, attrs)

    def note(self, tag, attrs):
        self.scripts += tag == "script"
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("src", "href", "srcset", "xlink:href"):
                self.fetched.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def render(summary, folder):
    write_report(summary, folder)
    text = (folder / "report.html").read_text("utf-8")
    page = Reader(text)
    assert len(page.ids) == len(set(page.ids))
    assert page.scripts == 0
    for address in page.fetched:
        assert address.startswith("data:image/") or address[1:] in page.ids
    assert "http" not in text
    assert "@import" not in text
    defined = set(re.findall(r"(--[\w-]+):", text))
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= defined
    assert "#0102" not in text
    # Charts have the page's font and no rules of their own.
    assert "DejaVu" not in text
    assert text.count("<style") == 1
    return text, page


def test_a_video_report_tells_everything(tmp_path):
    text, page = render(clips(tmp_path), tmp_path)
    for words in (
        "Two clips",
        "Reduced to a quarter.",
        "2026-01-02 03:04 UTC",
        "some · 2 cores",
        "One failure",
        "bikes: hnerv, 9 M: no memory",
        "VMAF: no filter",
        "hnerv, seed 2",
        "ncodec encode a.y4m a.nc --crf crf 40",
        "10,000",
        "200,000",
        "weights 900 · header 17",
        "+0.75 dB · 90 %",
        "−19.5 %",
        "−20.5 to −18.5",
        "31.2",
        "123 MB",
        "12.3 k",
        "Of luma, too.",
        "hnerv against x264 medium has no figure on bikes: too far apart",
    ):
        assert words in page.text, words
    # Two charts a clip; the source and a point of each beside it.
    assert text.count('class="chart"') == 4
    assert text.count('class="crop"') == 2 * 3


def test_a_seed_without_a_figure_leaves_no_mean(tmp_path):
    text, _ = render(clips(tmp_path), tmp_path)
    bunny, bikes = re.findall(r'<div class="deltas">.*?</table>', text, re.DOTALL)
    assert "−19.5 %" in bunny
    assert "−" not in bikes.partition("<tbody>")[2]
    assert "too far apart" in bikes


def test_images(tmp_path):
    _, page = render(stills(), tmp_path)
    for words in ("−20.0 %", "2.5000", "takes 1 of 2", "NOT EQUAL", "yes", "8.50"):
        assert words in page.text, words


def test_features(tmp_path):
    text, page = render(features(), tmp_path)
    assert text.count('class="chart"') == 1
    for words in ("92.50", "2,000", "bytes an image", "With the teacher."):
        assert words in page.text, words


@pytest.mark.parametrize("kind", ["video", "images", "features"])
def test_what_is_not_known_is_a_dash(kind, tmp_path):
    _, page = render(bare(kind), tmp_path)
    assert "–" in page.text
    assert "None" not in page.text
    assert "nan" not in page.text


@pytest.mark.parametrize("kind", ["video", "images", "features"])
def test_no_item_at_all(kind, tmp_path):
    render(Summary(kind, "Empty", "bits a pixel", [], []), tmp_path)
    assert "Empty" in table(Summary(kind, "Empty", "bits a pixel", [], []))


def test_names_are_not_markup(tmp_path):
    evil = '<script>alert("&")</script>$x_1$'
    point = Point(
        evil, 9, 0.5, quality={evil: 1.0}, breakdown={evil: 9}, commands=[evil], encode=Speed(1.0)
    )
    curves = [Curve(evil, role, [point, point], evil) for role in ("codec", "anchor", "imported")]
    delta = Delta(evil, None, evil, evil, None, None, 0.5, evil)
    item = Item(evil, evil, evil, curves, [delta], [evil])
    average = Average(evil, evil, evil, None, None, 0, [evil])
    metric = Metric(evil, evil, evil, evil)
    summary = Summary(
        "video",
        evil,
        evil,
        [metric],
        [item],
        [average],
        [evil],
        [evil],
        {"machine": evil, "started": evil},
    )
    _, page = render(summary, tmp_path)
    assert page.text.count(evil) > 20


def test_a_summary_survives_its_file(tmp_path):
    for summary in (clips(tmp_path), stills(), features(), bare("video")):
        summary.save(tmp_path / "summary.json")
        found = load_summary(tmp_path / "summary.json")
        found.save(tmp_path / "again.json")
        assert (tmp_path / "again.json").read_text() == (tmp_path / "summary.json").read_text()
        assert found.items[0].curves[0].points[0].encode == (
            summary.items[0].curves[0].points[0].encode
        )
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(InputError, match="no summary"):
        load_summary(tmp_path / "summary.json")


def test_the_same_summary_gives_the_same_page(tmp_path):
    summary = clips(tmp_path)
    assert render(summary, tmp_path)[0] == render(summary, tmp_path)[0]


@pytest.mark.parametrize("name", ["jinja2", "matplotlib"])
def test_what_is_missing_is_named(name, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingDependency, match=rf"{name}.*python -m pip install 'ncodec\[eval\]'"):
        write_report(features(), tmp_path)


def test_the_style_follows_the_theme():
    style = files("ncodec.eval.report").joinpath("style.css").read_text()
    light, dark = style.split("@media (prefers-color-scheme: dark)")[0:2]
    dark = dark[: dark.index("}")]
    assert set(re.findall(r"(--\w[\w-]*):", light)) == set(re.findall(r"(--\w[\w-]*):", dark))


def test_the_terminal_table(tmp_path):
    summary = clips(tmp_path)
    text = table(summary)
    assert max(map(len, text.splitlines())) <= 100
    assert re.search(r"crf 40 +12,500 +0.0125 +20.00 +0.4000 +12.5 +31.2", text)
    assert "seeds −20.5 to −18.5 %" in text
    assert "too far apart" in text
    assert "FAILED bikes: hnerv, 9 M: no memory" in text
    assert re.search(r"hnerv +against x264 medium +– +1 of 2 items, none on bikes", text)
    for other in (stills(), features(), bare("video"), bare("images")):
        assert max(map(len, table(other).splitlines())) <= 100
    assert re.search(r"PNG +2.5000 +−20.0 % .*yes", table(stills()))
