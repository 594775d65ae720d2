"""Every error that ncodec raises on purpose, with its exit code.

    NcodecError                1   base; never raised itself
    ├── UsageError             2   an argument that cannot be used
    ├── InputError             3   a source that is missing, unreadable or not media
    ├── DamagedFile            4   a .nc file whose bytes are not what its writer wrote
    ├── UnsupportedFormat      5   a valid file that this version cannot read
    ├── LimitExceeded          6   a file that asks for more than the limits allow
    ├── OutputError            7   a destination that cannot be written
    ├── MissingDependency      8   a codec or an extra that is not installed
    ├── DeviceError            9   a device that is absent or out of memory
    ├── VerificationFailed    10   an intact file that does not decode to what was recorded
    ├── TargetUnreachable     11   a size or quality that the codec cannot reach
    ├── CodecFailed           12   a codec of another package that breaks its contract
    └── Interrupted          130   stopped by the user; work is kept

A message is one sentence that a person can act on: the value, what is allowed, the remedy.
The tree lives with the container because `formats` imports nothing of the rest;
`ncodec.errors` is the same tree under its public name.
"""

from __future__ import annotations

__all__ = [
    "CodecFailed",
    "DamagedFile",
    "DeviceError",
    "InputError",
    "Interrupted",
    "LimitExceeded",
    "MissingDependency",
    "NcodecError",
    "OutputError",
    "TargetUnreachable",
    "UnsupportedFormat",
    "UsageError",
    "VerificationFailed",
]


class NcodecError(Exception):
    """The base of the tree; `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(NcodecError):
    exit_code = 2


class InputError(NcodecError):
    exit_code = 3


class DamagedFile(NcodecError):
    exit_code = 4


class UnsupportedFormat(NcodecError):
    exit_code = 5


class LimitExceeded(NcodecError):
    exit_code = 6


class OutputError(NcodecError):
    exit_code = 7


class MissingDependency(NcodecError):
    exit_code = 8


class DeviceError(NcodecError):
    exit_code = 9


class VerificationFailed(NcodecError):
    exit_code = 10


class TargetUnreachable(NcodecError):
    exit_code = 11


class CodecFailed(NcodecError):
    exit_code = 12


class Interrupted(NcodecError):
    exit_code = 130
