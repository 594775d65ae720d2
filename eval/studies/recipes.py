"""A study of what each part of a fit is worth: the default recipe with one part changed.

python -m ncodec.eval.studies.recipes CLIP [--codec ngrid] [--seconds 60] [--seeds 1]
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from math import expm1, log
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import click

import ncodec
from ncodec.files.verify import verify
from ncodec.media.copying import NOTHING
from ncodec.registry import frame_codec
from ncodec.video.inr.codec import InrCodec
from ncodec.video.inr.recipe import Preset

DEFAULT = "the default"


COMMON: dict[str, dict[str, Any]] = {
    "no rate in the fit": {"rate_weight": 0.0},
    "noise until 0.85": {"round_from": 0.85},
    "batch 2": {"batch": 2, "steps": 1, "positions": None},
    "batch 8": {"batch": 8, "steps": 1, "positions": None},
    "float32": {"mixed": False},
    "Adam 3e-3 without Muon": {"muon_rate": None, "adam_rate": 3e-3},
    "Muon 5e-3": {"muon_rate": 5e-3},
    "Muon 2e-2": {"muon_rate": 2e-2},
}
LATER: dict[str, dict[str, Any]] = {
    "rate from a quarter on": {"rate_from": 0.25, "round_from": 0.35},
    "rounded at once, no noise": {"round_from": 0.5},
}
"""The changes tried of codecs whose rate counts from half of the fit on."""

OWN: dict[str, dict[str, dict[str, Any]]] = {
    "hnerv": {
        **LATER,
        "Adam 4e-3 beside Muon": {"adam_rate": 4e-3},
        "embeddings 1.5e-2": {"embeddings_rate": 1.5e-2},
    },
    "nervpp": {**LATER, "Adam 1e-2 beside Muon": {"adam_rate": 1e-2}},
    "ngrid": {
        "Adam 4e-3 beside Muon": {"adam_rate": 4e-3},
        "rate from half on": {"rate_from": 0.5, "round_from": 0.6},
        "rounded at once, no noise": {"round_from": 0.25},
        "grids 2e-2": {"grids_rate": 2e-2},
        "grids 8e-2": {"grids_rate": 8e-2},
        "chroma 1/8": {"chroma": 1 / 8},
    },
}


def variants(codec: InrCodec[Any]) -> dict[str, Preset]:
    """The presets by name: the default, that with a part changed, and the paper's where there is
    one."""
    default = codec.architecture.presets[codec.architecture.default_preset]
    presets = {DEFAULT: default}
    for name, change in {**COMMON, **OWN.get(codec.codec_id, {})}.items():
        presets[name] = replace(default, recipe=replace(default.recipe, **change))
    if "paper" in codec.architecture.presets:
        presets["the paper's network and recipe"] = codec.architecture.presets["paper"]
    return presets


@click.command()
@click.argument("clip")
@click.option("--codec", "codec_id", default="ngrid", show_default=True)
@click.option("--seconds", default=60.0, show_default=True, help="Wall time of each encode.")
@click.option("--model-size", default=0.2, show_default=True, help="Millions of values.")
@click.option("--seeds", default=1, show_default=True, help="Fits of each.")
@click.option("--only", multiple=True, help="Variants by name; else all.")
def main(
    clip: str, codec_id: str, seconds: float, model_size: float, seeds: int, only: tuple[str, ...]
) -> None:
    """Print bytes and PSNR of the decoded files of CLIP, all fits of one wall time.

    The last columns are one figure for both: how many per cent more bytes a variant needs than
    the default with the same seed for the same luma, at the fit's own rate of exchange; its mean
    and its deviation over the seeds.
    """
    codec = frame_codec(codec_id)
    assert isinstance(codec, InrCodec)
    presets = variants(codec)
    exchange = log(10) / 10 / presets[DEFAULT].recipe.rate_weight
    names = [DEFAULT, *(name for name in presets if name in only or not only)]
    click.echo(f"{'variant':34}{'bytes':>10}{'Y dB':>8}{'RGB dB':>8}{'worse by':>10}{'+-':>6}")
    base: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        # The first fit of a process compiles, in nobody's time.
        ncodec.encode(clip, Path(folder) / "first.nc", codec=codec_id, preset="ultrafast", epochs=1)
        for name in dict.fromkeys(names):
            sizes, lumas, rgbs = [], [], []
            for seed in range(seeds):
                path = Path(folder) / "out.nc"
                with _preset(codec, presets[name]) as preset:
                    done = ncodec.encode(
                        clip,
                        path,
                        codec=codec_id,
                        time_budget=seconds,
                        preset=preset,
                        model_size=model_size,
                        seed=seed,
                        **asdict(NOTHING),
                    )
                scored = verify(path, source=clip)
                sizes.append(done.size)
                lumas.append(scored.planes[0])
                rgbs.append(scored.rgb or 0.0)
            costs = [log(s) - y * exchange for s, y in zip(sizes, lumas, strict=True)]
            base = base or costs
            worse = [100 * expm1(cost - other) for cost, other in zip(costs, base, strict=True)]
            click.echo(
                f"{name:34}{fmean(sizes):10,.0f}{fmean(lumas):8.2f}{fmean(rgbs):8.2f}"
                f"{fmean(worse):+8.1f} %{pstdev(worse):6.1f}"
            )


@contextmanager
def _preset(codec: InrCodec[Any], trial: Preset) -> Iterator[str]:
    """Keeps `trial` under a name of its own among the codec's presets, for a while."""
    before = codec.architecture.presets
    type(codec.architecture).presets = {**before, "trial": trial}
    try:
        yield "trial"
    finally:
        type(codec.architecture).presets = before


if __name__ == "__main__":
    main()
