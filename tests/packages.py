"""Packages with codecs, as pip would leave them in a site-packages folder."""

from pathlib import Path

PLUGIN = Path(__file__).parent / "plugin"


def install(site, name, target, *files, package=None, group="ncodec.codecs"):
    """Copies `files` of tests/plugin, and names their class `target` as a codec or trainer."""
    for file in files:
        (site / file).write_bytes((PLUGIN / file).read_bytes())
    package = package or name
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")
