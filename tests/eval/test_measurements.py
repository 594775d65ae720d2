import pytest
from click.testing import CliRunner
from synthetic import film

from ncodec.eval.studies import recipes
from ncodec.registry import frame_codec


def test_recipes_measure_the_default_and_what_was_asked_for(tmp_path):
    clip = film(tmp_path / "clip.mkv", frames=4)
    options = ["--seconds", "0.2", "--model-size", "0.002", "--seeds", "2"]
    only = ["--only", "no rate in the fit", "--only", "float32"]
    run = CliRunner().invoke(recipes.main, [str(clip), *options, *only])
    assert run.exception is None
    rows = run.output.splitlines()[1:]
    assert [row[:34].strip() for row in rows] == [recipes.DEFAULT, "no rate in the fit", "float32"]
    assert rows[0].split()[-3:] == ["+0.0", "%", "0.0"]


@pytest.mark.parametrize("codec", ["hnerv", "nervpp", "ngrid"])
def test_every_variant_differs_from_the_default(codec):
    found = recipes.variants(frame_codec(codec))
    default = found.pop(recipes.DEFAULT)
    same = [name for name, variant in found.items() if variant == default]
    assert same == []
