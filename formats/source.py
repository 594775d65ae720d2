"""Random access to what a file is read from: path, bytes, stream or pipe."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from threading import Lock
from typing import BinaryIO
from zlib import crc32

from ncodec.formats.boxes import SIGNATURE
from ncodec.formats.errors import DamagedFile, InputError, UsageError
from ncodec.formats.limits import Limits

__all__ = ["Source"]

_CHUNK = 1 << 20
_IN_MEMORY = 1 << 26
_OTHERS = (
    (b"CDF\x01", 0, "a NetCDF file"),
    (b"CDF\x02", 0, "a NetCDF file"),
    (b"CDF\x05", 0, "a NetCDF file"),
    (b"\x89HDF\r\n\x1a\n", 0, "a NetCDF or HDF5 file"),
    (b"\x89PNG", 0, "a PNG image"),
    (b"\xff\xd8\xff", 0, "a JPEG image"),
    (b"GIF8", 0, "a GIF image"),
    (b"WEBP", 8, "a WebP image"),
    (b"AVI ", 8, "an AVI video"),
    (b"ftyp", 4, "an MP4 or AVIF file"),
    (b"\x1a\x45\xdf\xa3", 0, "a Matroska or WebM video"),
    (b"YUV4MPEG2", 0, "a Y4M video"),
)


class Source:
    """Reads at any offset; safe to share between threads.

    A stream that cannot seek is first copied to a temporary file, at most
    `limits.stream_bytes` of it. InputError where there is nothing to read,
    UsageError where `source` is of another type.
    """

    def __init__(self, source: str | Path | bytes | BinaryIO, limits: Limits) -> None:
        self._owned = True
        self._lock = Lock()
        if isinstance(source, io.TextIOBase) or not (
            isinstance(source, str | Path | bytes | bytearray | memoryview)
            or hasattr(source, "read")
        ):
            raise UsageError(
                f"the file is of type {type(source).__name__} but must be a path, bytes or a "
                "binary stream"
            )
        if isinstance(source, bytes | bytearray | memoryview):
            self.name = "the data"
            self._stream: BinaryIO = io.BytesIO(source)
        elif isinstance(source, str | Path) and str(source) != "-":
            self.name = str(source)
            self._stream = _open(Path(source))
        else:
            stream = sys.stdin.buffer if isinstance(source, str | Path) else source
            self.name = str(getattr(stream, "name", "the stream"))
            self._stream = stream
            self._owned = False
        if not self._stream.seekable():
            pipe, owned = self._stream, self._owned
            try:
                self._stream = _spool(pipe, limits)
            finally:
                if owned:
                    pipe.close()
            self._owned = True
        self._stream.seek(0, io.SEEK_END)
        self.size = self._stream.tell()

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at `offset`, fewer where the file ends first."""
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        with self._lock:
            self._stream.seek(offset)
            try:
                return self._stream.read(length)
            except OSError as error:
                raise InputError(f"cannot read {self.name}: {error.strerror}") from error

    def crc(self, offset: int, length: int) -> int:
        """The CRC-32 of a range, in constant memory."""
        value = 0
        for start in range(offset, offset + length, _CHUNK):
            value = crc32(self.read(start, min(_CHUNK, offset + length - start)), value)
        return value

    def check_signature(self) -> None:
        """Raises the error that says what the file is instead of an .nc file."""
        start = self.read(0, 16)
        if start[: len(SIGNATURE)] == SIGNATURE:
            return
        if not start:
            raise InputError(f"{self.name} is empty")
        for magic, offset, what in _OTHERS:
            if start[offset : offset + len(magic)] == magic:
                raise InputError(f"{self.name} is {what}: {_remedy(what)}")
        if start[8:12] == b"HEAD" or start[:4] == SIGNATURE[:4]:
            raise DamagedFile("its signature is changed, perhaps by a transfer as text")
        raise InputError(f"{self.name} is not an ncodec file: it does not start with its signature")

    def close(self) -> None:
        if self._owned:
            self._stream.close()


def _remedy(what: str) -> str:
    if "NetCDF" in what:
        return "ncodec's .nc is another format of that extension, open this one with netCDF tools"
    return "run `ncodec encode` on it first"


def _open(path: Path) -> BinaryIO:
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: check the name") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a directory: give a file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot open {path}: {reason}") from error


def _spool(pipe: BinaryIO, limits: Limits) -> BinaryIO:
    copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    size = 0
    try:
        while chunk := pipe.read(_CHUNK):
            size += len(chunk)
            limits.check("stream_bytes", size)
            copy.write(chunk)
    except OSError as error:
        copy.close()
        raise InputError(f"cannot read or keep the stream: {error.strerror}") from error
    except BaseException:
        copy.close()
        raise
    return copy  # type: ignore[return-value]
