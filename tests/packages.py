"""Packages with codecs, as pip would leave them in a site-packages folder."""

import sys
from contextlib import contextmanager
from pathlib import Path

from ncodec import registry

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


@contextmanager
def installed_in(site):
    """The packages of the folder `site` are installed while the block runs."""
    caches = (registry._entries, registry._installed_codec)
    known = set(sys.modules)
    sys.path.insert(0, str(site))
    for cache in caches:
        cache.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(site))
        for cache in caches:
            cache.cache_clear()
        for name in set(sys.modules) - known:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(site)):
                del sys.modules[name]
