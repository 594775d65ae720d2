"""Pictures of any shapes and kinds in one file: names, times and files come back."""

import hashlib
import io
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from damage import broken, rewritten
from PIL import Image as PillowImage

import ncodec
from ncodec.errors import DamagedFile, InputError, UnsupportedFormat, UsageError
from ncodec.files.records import KEY, Records
from ncodec.formats import Header, Reader, Segment, Writer, integer_hash
from ncodec.jobs import SegmentDone
from ncodec.media import read_image

sys.path.append(str(Path(__file__).parents[1] / "jpeg"))

from jpegs import jpeg, scene

OLD = 1_000_000_000_123_456_700
"""A time of 2001, in nanoseconds."""

FAST = ("--effort", "fast", "-q")


@pytest.fixture(scope="module")
def pictures():
    """Files by name: JPEG of two kinds, 16 bits, grey, and folders below."""
    random = np.random.default_rng(1)

    def saved(picture, kind):
        held = io.BytesIO()
        picture.save(held, kind)
        return held.getvalue()

    deep = random.integers(0, 1 << 16, (20, 30), dtype=np.uint16)
    return {
        "beach.jpg": jpeg(scene(72, 56), quality=88, subsampling=2),
        "deep.png": saved(PillowImage.fromarray(deep), "PNG"),
        "day 2/Zug.JPEG": jpeg(scene(48, 64, 3), progressive=True),
        "day 2/grey.tif": saved(scene(33, 21).convert("L"), "TIFF"),
        "day 2/am/e\u0301te.png": saved(scene(24, 24), "PNG"),
    }


@pytest.fixture
def holiday(tmp_path, pictures):
    for place, (name, data) in enumerate(pictures.items()):
        path = tmp_path / "holiday" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(OLD + place, OLD + place))
    (tmp_path / "holiday" / ".hidden.jpg").write_bytes(b"")
    return tmp_path / "holiday"


@pytest.fixture(scope="module")
def coded(pictures, tmp_path_factory):
    """The bytes of an album of the pictures."""
    folder = tmp_path_factory.mktemp("coded") / "holiday"
    for name, data in pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return ncodec.encode(folder, effort="fast").data


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.*")}


def run(process):
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return out


def test_a_folder_comes_back_in_processes_of_their_own(fresh, holiday, pictures, tmp_path):
    run(fresh("encode", "holiday", "-o", "a.nc", *FAST))
    holiday.rename(tmp_path / "before")
    run(fresh("decode", "a.nc", "-o", "back/", "-q"))
    back = files_of(tmp_path / "back")
    assert back.keys() == pictures.keys()
    for place, (name, data) in enumerate(pictures.items()):
        assert back[name].stat().st_mtime_ns == OLD + place
        before, after = tmp_path / "before" / name, back[name]
        if data[:3] == b"\xff\xd8\xff":
            digests = [hashlib.sha256(path.read_bytes()).digest() for path in (before, after)]
            assert digests[0] == digests[1]
        else:
            assert np.array_equal(read_image(before).pixels, read_image(after).pixels)
    run(fresh("verify", "a.nc", "--source", "before"))


def test_workers_change_no_byte(fresh, holiday, tmp_path):
    run(fresh("encode", "holiday", "-o", "a.nc", *FAST))
    run(fresh("encode", "holiday", "-o", "b.nc", "--workers", "2", *FAST))
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_keeps_what_is_done(fresh, holiday, tmp_path, coded, workers):
    for number in range(12):
        (holiday / f"{number}.jpg").write_bytes(jpeg(scene(160, 120, number)))
    run(fresh("encode", "holiday", "-o", "whole.nc", *FAST))
    arguments = ("-o", "a.nc", "--effort", "fast", "--log-json", "--workers", workers)
    job = fresh("encode", "holiday", *arguments, start_new_session=True, bufsize=0)
    for line in job.stderr:
        if json.loads(line)["type"] == "segment_done":
            break
    os.killpg(job.pid, signal.SIGINT)
    records = [json.loads(line) for line in job.communicate(timeout=200)[1].splitlines()]
    assert job.returncode == 130
    assert records[-1]["message"] == "stopped; go on with: ncodec encode --resume -o a.nc"
    done = sum(record["type"] == "segment_done" for record in records)
    resumed = fresh("encode", "--resume", "-o", "a.nc", "--log-json")
    records = [json.loads(line) for line in resumed.communicate(timeout=200)[1].splitlines()]
    assert resumed.returncode == 0
    again = sum(record["type"] == "segment_done" for record in records)
    assert done + 1 <= 17 - again <= done + 1 + int(workers)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "whole.nc").read_bytes()
    assert not (tmp_path / "a.nc.plan").exists()


def stopped(source, output, **settings):
    """Stops an encode behind its first picture."""
    events = []

    def enough():
        return any(isinstance(event, SegmentDone) for event in events)

    with pytest.raises(ncodec.Interrupted):
        ncodec.encode(source, output, watch=events.append, stopping=enough, **settings)


def test_another_encode_is_no_continuation(holiday, tmp_path):
    output = tmp_path / "a.nc"
    stopped(holiday, output, effort="fast")
    with pytest.raises(UsageError, match=r"has options .* not"):
        ncodec.encode(output=output, resume=True, effort="best")
    with pytest.raises(UsageError, match="has keep 'file', not 'pixels'"):
        ncodec.encode(output=output, resume=True, keep="pixels")
    with pytest.raises(UsageError, match="has codec 'album', not 'ngrid'"):
        ncodec.encode(output=output, resume=True, codec="ngrid")
    assert ncodec.encode(output=output, resume=True).frames == 5


def test_what_is_done_stays_done_where_pictures_come_and_go(holiday, tmp_path):
    output, events = tmp_path / "a.nc", []
    (holiday / "deeper.png").write_bytes((holiday / "deep.png").read_bytes()[:200])
    told = r"deeper\.png .*; the others are kept: .* ncodec encode --resume -o .*a\.nc"
    with pytest.raises(InputError, match=told):
        ncodec.encode(holiday, output, effort="fast")
    done = len(list((tmp_path / "a.nc.plan").glob("segment-*")))
    (holiday / "deeper.png").unlink()
    (holiday / "a new one.jpg").write_bytes(jpeg())
    assert ncodec.encode(output=output, resume=True, watch=events.append).frames == 6
    assert sum(isinstance(event, SegmentDone) for event in events) == 6 - done < 6
    assert output.read_bytes() == ncodec.encode(holiday, effort="fast").data


def test_pictures_in_memory_are_kept_until_they_are_coded(tmp_path):
    random = np.random.default_rng(4)
    sizes = ((9, 7, 3), (4, 20, 1), (6, 6, 4))
    made = [
        ncodec.Image(random.integers(0, 256, size).astype(np.uint8), f"{i}.png")
        for i, size in enumerate(sizes)
    ]
    stopped(made, tmp_path / "a.nc", effort="fast", threads=1)
    ncodec.encode(output=tmp_path / "a.nc", resume=True)
    with ncodec.open(tmp_path / "a.nc") as album:
        assert [album.name(i) for i in range(3)] == ["0.png", "1.png", "2.png"]
        for image, before in zip(album, made, strict=True):
            assert np.array_equal(image.pixels, before.pixels)


def test_pictures_may_be_there_twice(tmp_path):
    picture = ncodec.Image(np.zeros((3, 4, 1), np.uint8), "a.png")
    assert ncodec.encode([picture] * 3, tmp_path / "a.nc", workers=2).frames == 3
    (tmp_path / "a.jpg").write_bytes(jpeg())
    twice = [tmp_path / "a.jpg", os.path.relpath(tmp_path / "a.jpg")]
    assert ncodec.encode(twice).frames == 1


def test_any_picture_is_had_by_itself(coded, pictures, tmp_path, monkeypatch):
    with ncodec.open(coded) as album:
        names = [album.name(index) for index in range(len(album))]
        assert sorted(names) == sorted(pictures)
        grey = names.index("day 2/grey.tif")
        expected = np.asarray(scene(33, 21).convert("L"))
        assert np.array_equal(album[grey].pixels[..., 0], expected)
        part = album.region(3, 4, 20, 10, index=grey)
        assert np.array_equal(part.pixels[..., 0], expected[4:14, 3:23])
        with pytest.raises(UsageError, match="not inside the image, which is 33x21"):
            album.region(0, 0, 72, 56, index=grey)
        beach = names.index("beach.jpg")
        assert (album.holds_file(beach), album.holds_file(grey)) == (True, False)
        assert album.file(beach) == pictures["beach.jpg"]
        with pytest.raises(UsageError, match="pixels, not files"):
            album.file(grey)
        assert (album.picture_info(grey).width, album[-1].name) == (33, names[-1])
    monkeypatch.chdir(tmp_path)
    one = slice(beach, beach + 1)
    ncodec.decode(coded, "one.jpg", frames=one)
    assert (tmp_path / "one.jpg").read_bytes() == pictures["beach.jpg"]
    ncodec.decode(coded, "part.png", frames=slice(grey, grey + 1), region=(0, 0, 5, 6))
    assert np.array_equal(read_image(tmp_path / "part.png").pixels[..., 0], expected[:6, :5])


def test_info_lists_the_pictures(command, coded, tmp_path):
    (tmp_path / "a.nc").write_bytes(coded)
    said = command("info", "a.nc").out.decode()
    assert "5 pictures\n" in said
    assert "day 2/grey.tif, 33x21 gray, pc-photo, " in said
    assert "beach.jpg, 72x56 rgb24, pc-jpeg, " in said
    probed = ncodec.probe(coded)
    assert sum(probed.breakdown().values()) == len(coded)
    assert (probed.images, len(probed.pictures)) == (5, 5)


def test_without_an_output_a_folder_of_its_name_is_made(command, coded, pictures, tmp_path):
    (tmp_path / "trip.nc").write_bytes(coded)
    assert command("decode", "trip.nc").code == 0
    assert files_of(tmp_path / "trip").keys() == pictures.keys()
    ran = command("decode", "trip.nc")
    assert (ran.code, "has content already" in ran.err) == (7, True)


def test_repair_loses_the_damaged_picture_alone(command, coded, pictures, tmp_path):
    (tmp_path / "bad.nc").write_bytes(broken(coded, 1))
    assert command("decode", "bad.nc", "-o", "out/").code == 4
    assert not (tmp_path / "out").exists()
    assert command("verify", "bad.nc").code == 4
    assert command("repair", "bad.nc", "-o", "good.nc").code == 0
    with ncodec.open(coded) as album:
        lost = album.name(1)
    ran = command("decode", "good.nc", "-o", "out/")
    assert (ran.code, f"image 1, {lost}, is lost and left out" in ran.err) == (0, True)
    assert files_of(tmp_path / "out").keys() == pictures.keys() - {lost}
    assert b"5 pictures, 1 of them lost" in command("info", "good.nc").out
    with ncodec.open("good.nc") as album, pytest.raises(DamagedFile, match="image 1 of good"):
        album[1]


def test_pictures_outlive_their_names(coded, tmp_path):
    ncodec.decode(rewritten(coded), tmp_path / "out/")
    names = sorted(files_of(tmp_path / "out"))
    assert len(names) == 5
    assert names[0] == "image-00000.jpg"


HOSTILE = [
    *("../../x.jpg", "/etc/x.jpg", "a/../../b.jpg", "a//b.jpg", "..\\x.jpg", "a\\..\\b/x.jpg"),
    *("C:/x.jpg", "./x.jpg", "a/./x.jpg", "a/ /x.jpg", "a\0/b.jpg", "..", "a/", "", "~/x.jpg"),
    *("in/x.jpg", "in", "in/x.jpg", "file/x", "file/x/y.jpg", "\u202e/x.jpg", "con./x.jpg"),
]


def named(data, names, modified):
    """An album that says other names and times."""
    out = io.BytesIO()
    with Reader(data) as reader:
        writer = Writer(out, reader.header)
        for entry in reader.segments:
            writer.segment(reader.read_segment(entry.index))
        records = Records(len(names), {"kind": "files"}, names, modified=modified)
        writer.meta({KEY: records.pack()})
        writer.finish()
    return out.getvalue()


def test_hostile_names_and_times_stay_in_the_folder(tmp_path):
    made = [ncodec.Image(np.full((2, 2, 1), i, np.uint8)) for i in range(len(HOSTILE))]
    times = [(-1) ** i * 10 ** min(i + 3, 18) for i in range(len(HOSTILE))]
    data = named(ncodec.encode(made, codec="album", effort="fast").data, HOSTILE, times)
    (tmp_path / "top").mkdir()
    ncodec.decode(data, tmp_path / "top" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["top"]
    assert [path.name for path in (tmp_path / "top").iterdir()] == ["out"]
    files = [path for path in (tmp_path / "top" / "out").rglob("*") if path.is_file()]
    assert len(files) == len(HOSTILE)
    assert {int(read_image(path).pixels[0, 0, 0]) for path in files} == {*range(len(HOSTILE))}
    below = [path for path in files if path.parent.name == "in"]
    twice = {index for index, name in enumerate(HOSTILE) if name == "in/x.jpg"}
    assert {int(read_image(path).pixels[0, 0, 0]) for path in below} == twice


def test_an_album_inside_an_album_is_refused(coded):
    out = io.BytesIO()
    with Reader(coded) as reader:
        writer = Writer(out, Header("album", 1, "image", replace(reader.header.info, frames=1)))
    writer.segment(Segment(0, 0, 1, (coded,), integer_hash([np.frombuffer(coded, np.uint8)])))
    writer.finish()
    with ncodec.open(out.getvalue()) as album:
        assert len(album) == 1
        with pytest.raises(UnsupportedFormat, match="holds a file of album"):
            album[0]


def test_times_that_are_no_numbers_are_damage(coded):
    with pytest.raises(DamagedFile, match="no list of numbers"):
        ncodec.open(named(coded, ["a"] * 5, [0, 1.5, 1, 2, 3]))
