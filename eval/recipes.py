"""Ways to fit the same network for the same time, side by side.

python -m ncodec.eval.recipes CLIP [--seconds 60]
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

import ncodec
from ncodec.registry import frame_codec
from ncodec.video.codec import InrCodec
from ncodec.video.recipe import Preset, Recipe

RECIPES = {
    "paper (Adam 1e-3, batch 2)": Recipe(1, adam_rate=1e-3, muon_rate=None, batch=2),
    "Adam 3e-3, batch 2": Recipe(1, adam_rate=3e-3, muon_rate=None, batch=2),
    "Muon 3e-3, Adam 2e-3, batch 2": Recipe(1, adam_rate=2e-3, muon_rate=3e-3, batch=2),
    "Muon 1e-2, Adam 4e-3, batch 2": Recipe(1, adam_rate=4e-3, muon_rate=1e-2, batch=2),
    "Muon 1e-2, Adam 4e-3, batch 1": Recipe(1, adam_rate=4e-3, muon_rate=1e-2, batch=1),
}


@click.command()
@click.argument("clip")
@click.option("--seconds", default=60.0, show_default=True, help="Wall time of each encode.")
@click.option("--model-size", default=0.07, show_default=True, help="Millions of values.")
def main(clip: str, seconds: float, model_size: float) -> None:
    """Print what each recipe makes of CLIP: bytes and RGB-PSNR of the decoded file."""
    click.echo(f"{'recipe':32}{'bytes':>10}{'RGB dB':>9}{'seconds':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name, recipe in RECIPES.items():
            with _preset(Preset(recipe, size=1.0)) as preset:
                done = ncodec.encode(
                    clip,
                    Path(folder) / "out.nc",
                    time_budget=seconds,
                    preset=preset,
                    model_size=model_size,
                )
            click.echo(f"{name:32}{done.size:10,}{done.psnr or 0:9.2f}{done.elapsed:9.1f}")


@contextmanager
def _preset(preset: Preset) -> Iterator[str]:
    """`preset` under a name of its own among hnerv's, for a while."""
    codec = frame_codec("hnerv")
    assert isinstance(codec, InrCodec)
    before = codec.presets
    type(codec).presets = {**before, "trial": preset}
    try:
        yield "trial"
    finally:
        type(codec).presets = before


if __name__ == "__main__":
    main()
