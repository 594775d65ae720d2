from click.testing import CliRunner
from synthetic import film

from ncodec.eval import recipes


def test_recipes_measure_every_recipe(tmp_path):
    clip = film(tmp_path / "clip.mkv", frames=4)
    run = CliRunner().invoke(recipes.main, [str(clip), "--seconds", "0.2", "--model-size", "0.002"])
    assert run.exception is None
    assert [name for name in recipes.RECIPES if name in run.output] == list(recipes.RECIPES)
