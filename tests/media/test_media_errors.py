import os
import resource
import sys
from contextlib import contextmanager

import pytest
from clips import clip, read, write

from ncodec.errors import InputError, OutputError
from ncodec.media import open_sink, open_source

OUTPUTS = ["out.mkv", "out.mp4", "out.y4m", "out/"]


@contextmanager
def files_limited_to(size):
    """A full disk, as far as a process can have one of its own."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.mp4", None, "cannot be read"),
        ("empty.mp4", b"", "is empty"),
        ("unfinished.mp4", b"\0\0\0\x18ftypmp42" + bytes(99), r"no index \(moov\)"),
        ("text.mp4", b"not a film\n" * 99, "is not media"),
        ("noise.mkv", bytes(range(256)) * 20, "is not media"),
        ("text.png", b"not an image", "is not media"),
        ("header.mkv", b"\x1a\x45\xdf\xa3", "is not media"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n", "is not media"),
        ("bad.y4m", b"YUV4MPEG2 W0 H4\nFRAME\n", "no usable size"),
        ("odd.y4m", b"YUV4MPEG2 W4 H4 C411\nFRAME\n", "chroma '411'"),
    ],
)
def test_what_is_not_media_is_one_sentence(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(InputError, match="has no images"):
        open_source(tmp_path)


def test_images_of_two_sizes_are_refused(tmp_path):
    for name, size in (("1.png", (16, 16)), ("2.png", (17, 15))):
        write(tmp_path / name, *clip("gbrp", size, frames=1))
    with pytest.raises(InputError, match="17x15"):
        read(tmp_path)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_missing_frame_leaves_nothing(tmp_path, name):
    info, frames = clip()
    with pytest.raises(OutputError, match="2 frames instead of 3"):
        write(f"{tmp_path}/{name}", info, frames[:-1])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_leaves_what_was_there(tmp_path, name, error):
    old = tmp_path / name.rstrip("/")
    if not name.endswith("/"):
        old.write_bytes(b"before")
    info, frames = clip()

    def stopped():
        yield frames[0]
        raise error

    with pytest.raises(error):
        write(f"{tmp_path}/{name}", info, stopped())
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"before"] * (name[-1] != "/")


@pytest.mark.parametrize("name", [*OUTPUTS, "out.png"])
def test_a_full_disk_leaves_nothing(tmp_path, name):
    info, frames = clip(size=(256, 256), frames=1)
    with files_limited_to(4000), pytest.raises(OutputError, match="cannot be written"):
        write(f"{tmp_path}/{name}", info, frames)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_destination_without_a_folder_is_refused(tmp_path, name):
    with pytest.raises(OutputError, match="cannot be written"):
        write(f"{tmp_path}/absent/{name}", *clip())


def test_a_folder_with_files_is_not_replaced(tmp_path):
    (tmp_path / "kept.txt").write_text("kept")
    with pytest.raises(OutputError, match="has content"):
        write(tmp_path, *clip())
    assert (tmp_path / "kept.txt").read_text() == "kept"


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", *clip())
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_closed_pipe_is_left_to_the_caller():
    info, frames = clip()
    reader, writer = os.pipe()
    os.close(reader)
    with (
        os.fdopen(writer, "wb", buffering=0) as pipe,
        pytest.raises(BrokenPipeError),
        open_sink("-", info, None, stdout=pipe) as sink,
    ):
        sink.write(frames[0])


def test_nothing_of_ffmpeg_reaches_standard_error(tmp_path, capfd):
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(99))
    with pytest.raises(InputError):
        open_source(tmp_path / "a.mp4")
    sys.stderr.flush()
    assert capfd.readouterr().err == ""
