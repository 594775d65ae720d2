from click.testing import CliRunner
from synthetic import film

from ncodec.eval import recipes
from ncodec.eval.anchors import ENCODERS, anchor


def test_anchors_trade_bytes_for_quality(tmp_path):
    clip = film(tmp_path / "clip.mkv", size=(64, 48))
    for encoder in ENCODERS:
        fine, coarse = anchor(clip, encoder, 10), anchor(clip, encoder, 45)
        assert fine.size > coarse.size
        assert fine.rgb > coarse.rgb
        assert fine.luma > coarse.luma > 20


def test_recipes_measure_every_recipe(tmp_path):
    clip = film(tmp_path / "clip.mkv", frames=4)
    run = CliRunner().invoke(recipes.main, [str(clip), "--seconds", "0.2", "--model-size", "0.002"])
    assert run.exception is None
    assert [name for name in recipes.RECIPES if name in run.output] == list(recipes.RECIPES)
