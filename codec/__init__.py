"""ncodec: neural compression of videos, images and features into real .nc files.

Names are resolved on first use, so that `import ncodec` costs no more than the name it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ncodec._version import __version__
from ncodec.formats.lazy import resolver

if TYPE_CHECKING:
    from ncodec.api import decode, encode, train
    from ncodec.errors import (
        CodecFailed,
        DamagedFile,
        DeviceError,
        InputError,
        Interrupted,
        LimitExceeded,
        MissingDependency,
        NcodecError,
        OutputError,
        TargetUnreachable,
        UnsupportedFormat,
        UsageError,
        VerificationFailed,
    )
    from ncodec.eval.bench.compare import compare
    from ncodec.files.album import Album
    from ncodec.files.batch import FrameBatch
    from ncodec.files.clip import Clip
    from ncodec.files.features import FeatureFile
    from ncodec.files.opening import open
    from ncodec.files.probing import CodecInfo, Probe, SegmentInfo, codecs, probe
    from ncodec.files.verify import Verification, verify
    from ncodec.formats.info import VideoInfo
    from ncodec.formats.salvage import Report, repair
    from ncodec.jobs.events import Event, Finished
    from ncodec.media.frame import Frame
    from ncodec.media.image import Image

__all__ = [
    "Album",
    "Clip",
    "CodecFailed",
    "CodecInfo",
    "DamagedFile",
    "DeviceError",
    "Event",
    "FeatureFile",
    "Finished",
    "Frame",
    "FrameBatch",
    "Image",
    "InputError",
    "Interrupted",
    "LimitExceeded",
    "MissingDependency",
    "NcodecError",
    "OutputError",
    "Probe",
    "Report",
    "SegmentInfo",
    "TargetUnreachable",
    "UnsupportedFormat",
    "UsageError",
    "Verification",
    "VerificationFailed",
    "VideoInfo",
    "__version__",
    "codecs",
    "compare",
    "decode",
    "encode",
    "open",
    "probe",
    "repair",
    "train",
    "verify",
]

_NAMES = {
    "ncodec.api": "decode encode train",
    "ncodec.errors": "CodecFailed DamagedFile DeviceError InputError Interrupted LimitExceeded "
    "MissingDependency NcodecError OutputError TargetUnreachable UnsupportedFormat UsageError "
    "VerificationFailed",
    "ncodec.eval.bench.compare": "compare",
    "ncodec.files.album": "Album",
    "ncodec.files.batch": "FrameBatch",
    "ncodec.files.clip": "Clip",
    "ncodec.files.features": "FeatureFile",
    "ncodec.files.opening": "open",
    "ncodec.files.probing": "CodecInfo Probe SegmentInfo codecs probe",
    "ncodec.files.verify": "Verification verify",
    "ncodec.formats.info": "VideoInfo",
    "ncodec.formats.salvage": "Report repair",
    "ncodec.jobs.events": "Event Finished",
    "ncodec.media.frame": "Frame",
    "ncodec.media.image": "Image",
}

__getattr__ = resolver(
    __name__, {name: module for module, names in _NAMES.items() for name in names.split()}
)


def __dir__() -> list[str]:
    return sorted(__all__)
