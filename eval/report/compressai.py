"""CompressAI's result files: curves that its plots read, and that ours read.

A file is ``{"name", "description", "results"}``, where results are lists by rising rate of one
length: ``bpp``, ``bitrate`` (kbit/s), ``psnr-rgb``, ``ms-ssim-rgb`` and the like.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from ncodec.errors import InputError
from ncodec.eval.report.groups import with_seeds
from ncodec.eval.results import Curve, Item, Point, Speed, Summary, save_json

__all__ = ["export_compressai", "import_compressai"]

_PEERS = {"psnr": "psnr_rgb", "ms-ssim": "ms_ssim_rgb"}
_PEERS |= {f"{plane}_psnr": f"psnr_{plane}" for plane in ("rgb", "y", "u", "v")}
"""The keys of older files, which are of RGB where they name no colour."""

_OURS = ("psnr", "ms_ssim", "ssim", "xpsnr", "vmaf")
"""The beginnings of metrics' names; CompressAI's have - where ours have _."""


_PLAIN = ("bpp", "bitrate", "encoding_time", "decoding_time")


def export_compressai(summary: Summary, folder: Path) -> list[Path]:
    """Writes `folder`/compressai/ITEM/CURVE.json and returns the paths.

    A metric that a point of the curve lacks is left out, since the lists have no holes, and so is
    a curve without any, such as a lossless coder's.

    Raises:
        OutputError: a file cannot be written.
    """
    written: list[Path] = []
    for item in summary.items:
        for curve in item.curves:
            if not any(point.quality for point in curve.points):
                continue
            path = folder / "compressai" / _safe(item.name) / f"{_safe(with_seeds(curve))}.json"
            path = _free(path, written)
            path.parent.mkdir(parents=True, exist_ok=True)
            save_json(path, _exported(item, curve, summary.rate_unit))
            written.append(path)
    return written


def _safe(name: str) -> str:
    """A file name for `name`, without points, where CompressAI cuts names."""
    return re.sub(r"[^\w+-]+", "-", name, flags=re.ASCII).strip("-") or "unnamed"


def _free(path: Path, taken: list[Path]) -> Path:
    free, number = path, 2
    while free in taken:
        free, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return free


def _exported(item: Item, curve: Curve, rate_unit: str) -> dict[str, Any]:
    rate = "bpp" if rate_unit == "bits a pixel" else rate_unit.replace(" ", "-")
    columns: dict[str, list[float | None]] = {
        rate: [point.rate for point in curve.points],
        "bitrate": [point.bitrate for point in curve.points],
    }
    for key in dict.fromkeys(key for point in curve.points for key in point.quality):
        columns[key.replace("_", "-")] = [point.quality.get(key) for point in curve.points]
    columns["encoding_time"] = [p.encode.seconds if p.encode else None for p in curve.points]
    columns["decoding_time"] = [p.decode.seconds if p.decode else None for p in curve.points]
    whole = {
        name: values
        for name, values in columns.items()
        if all(value is not None and isfinite(value) for value in values)
    }
    told = [f"{item.name}: {item.description}", curve.settings]
    return {
        "name": with_seeds(curve),
        "description": "; ".join(text for text in told if text),
        "results": whole,
    }


def import_compressai(path: str | Path) -> Curve:
    """A curve of role ``imported``, its points by rising rate in bits a pixel.

    Sizes are not known from such a file: `Point.size` is 0.

    Raises:
        InputError: the file cannot be read, or is none of CompressAI's.
    """
    path = Path(path)
    try:
        record = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from None
    except ValueError as error:
        raise InputError(f"{path} is no JSON ({error}): give a results file") from None
    if not isinstance(record, dict):
        raise _unusable(path, "it is no JSON object")
    results = record.get("results", record)
    if not isinstance(results, dict) or not isinstance(results.get("bpp"), list):
        raise _unusable(
            path, "it has no list results.bpp, and a bitrate alone does not tell bits a pixel"
        )
    columns = {name: values for name, values in results.items() if _known(name) and values}
    for name, values in columns.items():
        if not isinstance(values, list):
            raise _unusable(path, f"{name} is no list")
    rates = _numbers(path, "bpp", columns)
    for name in columns:
        if len(_numbers(path, name, columns)) != len(rates):
            raise _unusable(path, f"{name} has not the {len(rates)} values of bpp")
    points = [_point(columns, index) for index in range(len(rates))]
    return Curve(
        name=str(record.get("name", path.stem)),
        role="imported",
        points=sorted(points, key=lambda point: point.rate),
        settings=str(record.get("description", "")),
    )


def _known(name: str) -> bool:
    return name in _PLAIN or name in _PEERS or name.replace("-", "_").startswith(_OURS)


def _unusable(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is no result file of CompressAI ({why}): it holds name, description and results "
        "with lists bpp, psnr-rgb and the like"
    )


def _numbers(path: Path, name: str, columns: Mapping[str, list[Any]]) -> list[float]:
    values = columns.get(name, [])
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise _unusable(path, f"{name} holds {value!r}, which is no number")
    if name == "bpp" and (not values or min(values) <= 0):
        raise _unusable(path, "bpp needs values over 0")
    return values


def _point(columns: Mapping[str, list[float]], index: int) -> Point:
    values = {name: numbers[index] for name, numbers in columns.items()}
    quality = {
        _PEERS.get(name, name.replace("-", "_")): value
        for name, value in values.items()
        if name not in _PLAIN
    }
    encode, decode = values.get("encoding_time"), values.get("decoding_time")
    return Point(
        label=str(index + 1),
        size=0,
        rate=values["bpp"],
        bitrate=values.get("bitrate"),
        quality=quality,
        encode=None if encode is None else Speed(encode),
        decode=None if decode is None else Speed(decode),
    )
