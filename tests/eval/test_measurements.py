from click.testing import CliRunner
from synthetic import film

from ncodec.eval import recipes
from ncodec.video.hnerv import HNeRV


def test_recipes_measure_the_default_and_what_was_asked_for(tmp_path):
    clip = film(tmp_path / "clip.mkv", frames=4)
    options = ["--seconds", "0.2", "--model-size", "0.002", "--seeds", "2"]
    only = ["--only", "no rate in the fit", "--only", "float32"]
    run = CliRunner().invoke(recipes.main, [str(clip), *options, *only])
    assert run.exception is None
    rows = run.output.splitlines()[1:]
    assert [row[:34].strip() for row in rows] == [recipes.DEFAULT, "no rate in the fit", "float32"]
    assert rows[0].endswith("+0.0 %")


def test_every_variant_differs_from_the_default():
    presets = HNeRV.presets
    found = recipes.variants(presets["medium"].recipe, presets["paper"])
    default = found.pop(recipes.DEFAULT)
    assert all(variant != default for variant in found.values())
