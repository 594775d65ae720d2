"""What goes wrong is one sentence and the documented exit code, and leaves nothing behind."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from damage import broken
from synthetic import TINY_FLAGS, film

from ncodec.cli import EPILOG
from ncodec.formats import errors

ENCODE = ("encode", "{film}", "-o")
DECODE = ("decode", "{nc}", "-o")

CASES = [
    # sources of an encode
    (("encode", "missing.mkv", "-o", "a.nc"), 3, "missing.mkv cannot be read"),
    (("encode", "empty", "-o", "a.nc"), 3, "empty is empty"),
    (("encode", "text.mp4", "-o", "a.nc"), 3, "text.mp4"),
    (("encode", "netcdf.nc", "-o", "a.nc"), 3, "netcdf.nc"),
    (("encode", "{nc}", "-o", "a.nc"), 3, "already: decode it with ncodec decode {nc} -o OUT"),
    (("encode", "{nc}", "-o", "a.mp4"), 3, "decode {nc} -o a.mp4"),
    (("encode", "{nc}", "-o", "a.nc", "--codec", "pc-photo"), 3, "is a .nc file already"),
    (("encode", "cut.mkv", "-o", "a.nc"), 3, "cut.mkv"),
    (("encode", "folder", "-o", "a.nc"), 3, "no images"),
    (("encode", "-", "-o", "a.nc"), 3, "standard input"),
    (
        ("encode", "image.png", "-o", "a.nc", "--codec", "hnerv"),
        2,
        "image.png is of kind image, hnerv takes video",
    ),
    # options of an encode
    ((*ENCODE, "a.nc", "--flavour", "sweet"), 2, "--flavour"),
    ((*ENCODE, "a.nc", "--preset", "best"), 2, "'best'"),
    ((*ENCODE, "a.nc", "--epochs", "0"), 2, "--epochs"),
    ((*ENCODE, "a.nc", "--model-size", "nan"), 2, "model_size"),
    ((*ENCODE, "a.nc", "--codec", "h265"), 8, "codec 'h265' is not installed"),
    ((*ENCODE, "a.nc", "--device", "tpu"), 2, "device is 'tpu' but must be"),
    ((*ENCODE, "a.nc", "--device", "cuda:99"), 9, "device 'cuda:99' is not there"),
    ((*ENCODE, "a.nc", "--target-size", "100"), 11, "--target-size 100"),
    ((*ENCODE, "a.nc", "--target-size", "700"), 11, "raise --target-size"),
    ((*ENCODE, "a.nc", "--target-size", "big"), 2, "'big' is not a size"),
    ((*ENCODE, "a.nc", "--time-budget", "soon"), 2, "'soon' is not a time"),
    ((*ENCODE, "a.nc", "--max-segment", "0"), 2, "--max-segment"),
    ((*ENCODE, "a.nc", "--seed", "99999999999999999999"), 2, "seed"),
    ((*ENCODE, "a.nc", "--resume"), 3, "holds no unfinished encode"),
    ((*ENCODE, "-", "--resume"), 2, "--resume needs --plan"),
    (("encode", "{film}"), 2, "give -o clip.nc, or -o - for stdout"),
    (("encode", "-o", "a.nc"), 2, "there is no source"),
    (("encode", "--resume", "-o", "a.nc"), 3, "holds no unfinished encode"),
    (("encode", "a.png", "b.png", "c.png", "d.png", "-o", "a.nc"), 3, "a.png cannot be read (No"),
    ((*ENCODE, "a.nc", "--effort", "fast"), 2, "--effort is an option of pc-jpeg, pc-photo"),
    (("encode", "--preset", "fast", "image.png", "-o", "a.nc"), 2, "coded by pc-photo: leave"),
    # outputs of an encode
    ((*ENCODE, "a.mp4"), 2, "a.mp4 would be a .nc file: call it a.nc"),
    ((*ENCODE, "empty"), 2, "empty exists: overwrite it with -y"),
    (("encode", "image.png", "-o", "cut.nc"), 2, "cut.nc exists"),
    ((*ENCODE, "missing/a.nc"), 7, "missing/a.nc.plan"),
    ((*ENCODE, "/dev/full", *TINY_FLAGS), 7, "No space left"),
    ((*ENCODE, "folder"), 7, "cannot write folder"),
    ((*ENCODE, "a.nc", "--plan", "folder/file"), 7, "folder/file"),
    ((*ENCODE, "a.nc", "--plan", "folder"), 2, "not empty"),
    (("encode", "text.mp4", "-o", "text.mp4"), 2, "text.mp4 is the input too"),
    # sources of what reads .nc
    *(
        ((verb, name, *more), code, words)
        for verb, more in (
            ("decode", ("-o", "a.mkv")),
            ("info", ()),
            ("verify", ()),
            ("repair", ("-o", "b.nc")),
        )
        for name, code, words in (
            ("missing.nc", 3, "missing.nc"),
            ("empty", 3, "empty"),
            ("text.mp4", 3, "text.mp4"),
            ("netcdf.nc", 3, "NetCDF"),
            ("folder", 3, "folder"),
        )
    ),
    (("decode", "cut.nc", "-o", "a.mkv"), 4, "ncodec repair"),
    (("info", "cut.nc"), 4, "ncodec repair"),
    (("verify", "flipped.nc"), 4, "wrong CRC"),
    (("decode", "flipped.nc", "-o", "a.mkv"), 4, "wrong CRC"),
    # options and outputs of a decode
    ((*DECODE, "missing/a.mkv"), 7, "missing/a.mkv"),
    ((*DECODE, "missing/a.y4m"), 7, "missing/a.y4m"),
    ((*DECODE, "missing/pngs/"), 7, "missing/pngs"),
    ((*DECODE, "a.avi"), 7, "use .mp4, .mkv"),
    ((*DECODE, "a.png"), 7, "a folder"),
    ((*DECODE, "text.mp4"), 2, "text.mp4 exists: overwrite it with -y"),
    ((*DECODE, "empty", "--head", "features"), 2, "empty exists"),
    ((*DECODE, "/dev/full", "--threads", "1"), 7, "No space left"),
    (("decode", "cut.mkv", "-o", "a.mkv"), 3, "run `ncodec encode` on it first"),
    ((*DECODE, "folder"), 7, "has content already"),
    ((*DECODE, "{nc}"), 2, "is the input too"),
    ((*DECODE, "a.mkv", "--frames", "7"), 2, "'7' is not a range"),
    ((*DECODE, "a.mkv", "--frames", "9:9"), 2, "frames 0 to 15"),
    ((*DECODE, "a.mkv", "--frames", "1:2", "--at", "0"), 2, "choose one"),
    ((*DECODE, "a.mkv", "--at", "9"), 2, "from 0 to 0.64 s"),
    ((*DECODE, "a.mkv", "--device", "tpu"), 2, "device is 'tpu' but must be"),
    (("verify", "{nc}", "--source", "missing.mkv"), 3, "missing.mkv"),
    (("repair", "{nc}", "-o", "{nc}"), 2, "is the input too"),
    (("repair", "{nc}", "-o", "missing/b.nc"), 7, "missing/b.nc"),
    # the command line itself
    (("compress", "a", "b"), 2, "compress"),
    (("--frobnicate",), 2, "--frobnicate"),
    (("completion", "tcsh"), 2, "'tcsh'"),
    (("info", "{nc}", "extra"), 2, "extra"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory, nc_file):
    """Broken files by name."""
    folder = tmp_path_factory.mktemp("bad")
    data = nc_file.read_bytes()
    (folder / "empty").write_bytes(b"")
    (folder / "text.mp4").write_text("This is not a film.\n" * 50)
    (folder / "netcdf.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(200))
    (folder / "cut.nc").write_bytes(data[: len(data) // 2])
    (folder / "flipped.nc").write_bytes(broken(data, 0))
    whole = film(folder / "cut.mkv").read_bytes()
    (folder / "cut.mkv").write_bytes(whole[:300])
    film(folder / "image.png", frames=1)
    (folder / "folder").mkdir()
    (folder / "folder" / "file").write_text("")
    return folder


@pytest.mark.parametrize(("arguments", "code", "words"), CASES, ids=lambda v: str(v)[:60])
def test_one_sentence_and_an_exit_code(
    command, files, nc_file, clip_file, monkeypatch, arguments, code, words
):
    monkeypatch.chdir(files)
    before = sorted(files.rglob("*"))
    ran = command(*(str(a).format(film=clip_file, nc=nc_file) for a in arguments))
    assert ran.code == code
    assert ran.out == b""
    *usage, sentence = [
        line
        for line in ran.err.splitlines()
        if line and not re.match(r"(hnerv|ngrid): \d+ frames in", line)
    ]
    assert words.format(nc=nc_file) in sentence
    assert sentence.startswith("Error: " if usage else "ncodec: ")
    assert all(line.startswith(("Usage: ", "Try ")) for line in usage)
    assert "internal error" not in sentence
    assert sorted(files.rglob("*")) == before
    assert not list(nc_file.parent.glob("*.p*"))


def test_a_full_disk_behind_stdout(nc_file):
    program = Path(sys.executable).with_name("ncodec")
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([program, "info", nc_file], stdout=full, stderr=subprocess.PIPE)
    assert ran.returncode == 7
    assert re.fullmatch(rb"ncodec: .*No space left.*\n", ran.stderr)


def test_the_help_documents_every_exit_code():
    codes = {getattr(errors, name).exit_code for name in errors.__all__}
    documented = {int(n) for n in re.findall(r"(?:^|\s)(\d+)  \w", EPILOG)}
    assert codes | {0} == documented


def test_help_and_version(command):
    assert command("--help").out.startswith(b"Usage: ncodec")
    assert command("-V").out == b"ncodec 0.1.0\n"
    assert command("encode", "-h").code == 0
    for shell in ("bash", "zsh", "fish"):
        assert b"_NCODEC_COMPLETE" in command("completion", shell).out
