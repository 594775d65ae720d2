"""What each part of a fit is worth: the default recipe, and that with one part changed.

python -m ncodec.eval.recipes CLIP [--seconds 60] [--seeds 1]
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import exp, log
from pathlib import Path
from statistics import fmean
from typing import Any

import click

import ncodec
from ncodec.registry import frame_codec
from ncodec.verify import verify
from ncodec.video.codec import InrCodec
from ncodec.video.recipe import Preset, Recipe

DEFAULT = "the default"


def variants(default: Recipe, published: Preset) -> dict[str, Preset]:
    """By name: the default, the paper's, and the default with a part changed."""
    changed: dict[str, dict[str, Any]] = {
        DEFAULT: {},
        "no rate in the fit": {"rate_weight": 0.0},
        "rate from a quarter on": {"rate_from": 0.25, "round_from": 0.35},
        "rounded at once, no noise": {"round_from": default.rate_from},
        "noise until 0.85": {"round_from": 0.85},
        "noise until 0.95": {"round_from": 0.95},
        "batch 2": {"batch": 2},
        "batch 8": {"batch": 8},
        "float32": {"mixed": False},
        "Adam 3e-3 without Muon": {"muon_rate": None, "adam_rate": 3e-3},
        "Muon 5e-3": {"muon_rate": 5e-3},
        "Muon 2e-2": {"muon_rate": 2e-2},
        "Adam 4e-3 beside Muon": {"adam_rate": 4e-3},
        "embeddings 1.5e-2": {"embeddings_rate": 1.5e-2},
    }
    found = {name: Preset(replace(default, **c), size=1.0) for name, c in changed.items()}
    return {**found, "the paper's network and recipe": published}


@click.command()
@click.argument("clip")
@click.option("--seconds", default=60.0, show_default=True, help="Wall time of each encode.")
@click.option("--model-size", default=0.2, show_default=True, help="Millions of values.")
@click.option("--seeds", default=1, show_default=True, help="Fits of each.")
@click.option("--only", multiple=True, help="Variants by name; else all.")
def main(clip: str, seconds: float, model_size: float, seeds: int, only: tuple[str, ...]) -> None:
    """Print bytes and PSNR of the decoded files of CLIP, all fits of one wall time.

    The last column is one figure for both: how many per cent more bytes a variant needs than the
    default for the same luma, at the fit's own rate of exchange.
    """
    codec = frame_codec("hnerv")
    assert isinstance(codec, InrCodec)
    default = codec.presets[codec.default_preset].recipe
    found = variants(default, codec.presets["paper"])
    names = [DEFAULT, *(name for name in found if name in only or not only)]
    click.echo(f"{'variant':34}{'bytes':>10}{'Y dB':>8}{'RGB dB':>8}{'worse by':>10}")
    base = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in dict.fromkeys(names):
            sizes, lumas, rgbs = [], [], []
            for seed in range(seeds):
                path = Path(folder) / "out.nc"
                with _preset(codec, found[name]) as preset:
                    done = ncodec.encode(
                        clip,
                        path,
                        codec="hnerv",
                        time_budget=seconds,
                        preset=preset,
                        model_size=model_size,
                        seed=seed,
                    )
                scored = verify(path, source=clip)
                sizes.append(done.size)
                lumas.append(scored.planes[0])
                rgbs.append(scored.rgb or 0.0)
            size, luma = fmean(sizes), fmean(lumas)
            cost = log(size) - luma * log(10) / 10 / default.rate_weight
            base = base or cost
            worse = f"{100 * (exp(cost - base) - 1):+.1f} %"
            click.echo(f"{name:34}{size:10,.0f}{luma:8.2f}{fmean(rgbs):8.2f}{worse:>10}")


@contextmanager
def _preset(codec: InrCodec[Any], trial: Preset) -> Iterator[str]:
    """`trial` under a name of its own among the codec's presets, for a while."""
    before = codec.presets
    type(codec).presets = {**before, "trial": trial}
    try:
        yield "trial"
    finally:
        type(codec).presets = before


if __name__ == "__main__":
    main()
