"""A study of the shape of the code: rooms, who imports whom, circles, and trips through it.

``python -m ncodec.eval.studies.structure`` prints the rooms and their arrows; with ``--trips``
what the sample clip and photo pass, encoded and decoded, and what importing costs.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

__all__ = ["circles", "imports", "packages_of", "room", "room_arrows"]

FOLDERS = {"codec": "ncodec", "formats": "ncodec.formats", "eval": "ncodec.eval"}

TRIPS = {
    "encode clip": ["encode", "{samples}/bunny.mp4", "-yo", "clip.nc", "--preset", "ultrafast"],
    "decode clip": ["decode", "clip.nc", "-o", "clip.mkv"],
    "encode photo": ["encode", "{samples}/astronaut.png", "-o", "photo.nc"],
    "decode photo": ["decode", "photo.nc", "-o", "photo.png"],
}

WALK = """
import json, sys, threading
seen, pairs = set(), set()

def walk(frame, event, _):
    if event == "call":
        here = frame.f_globals.get("__name__", "")
        there = frame.f_back.f_globals.get("__name__", "") if frame.f_back else ""
        # Bodies of modules and classes are called, too, but are no functions (CO_OPTIMIZED).
        if here.startswith("ncodec") and frame.f_code.co_flags & 1:
            seen.add(here)
            if there.startswith("ncodec") and there != here:
                pairs.add((there, here))

from ncodec.cli import main
threading.setprofile(walk)
sys.setprofile(walk)
try:
    main()
except SystemExit:
    pass
finally:
    sys.setprofile(None)
    threading.setprofile(None)
    print(json.dumps([len(seen), len(pairs)]), file=sys.stderr)
"""

LOADED = """
import sys, time
start = time.perf_counter()
import ncodec
{use}
end = time.perf_counter()
print(1000 * (end - start), sum(name.split(".")[0] == "ncodec" for name in sys.modules))
"""


def imports(root: Path) -> dict[str, set[str]]:
    """The imports of each module, at its top or in a function, but for types alone.

    Args:
        root: a folder with `codec`, `formats` and `eval`.

    Returns:
        The names of modules, packages by their own names, by name of the module that imports them.
    """
    files = {}
    for folder, package in FOLDERS.items():
        for file in sorted((root / folder).rglob("*.py")):
            parts = file.relative_to(root / folder).with_suffix("").parts
            name = ".".join([package, *parts]).removesuffix(".__init__")
            files[name] = file
    return {
        name: {target for target in _imported(file, files) if target != name}
        for name, file in files.items()
    }


def _imported(file: Path, known: Iterable[str]) -> set[str]:
    names: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and getattr(node.test, "id", None) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = inner & set(known)
            names.update(modules)
            if modules != inner:
                names.add(node.module)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(file.read_bytes()))
    return names & set(known)


def room(module: str) -> str:
    """The room of a module: the folder that it is in, or itself at the top of the package."""
    parts = module.split(".")[1:]
    if len(parts) < 2:
        return parts[0] if parts else "ncodec"
    return "/".join(parts[:-1])


def room_arrows(graph: Mapping[str, Iterable[str]], packages: Iterable[str]) -> dict[str, set[str]]:
    """The rooms that the modules of each room import from.

    Args:
        graph: the graph of modules.
        packages: modules that are folders; each is in its own room.
    """
    inside = set(packages)

    def place(module: str) -> str:
        return "/".join(module.split(".")[1:]) or "ncodec" if module in inside else room(module)

    rooms: dict[str, set[str]] = {place(module): set() for module in graph}
    for module, targets in graph.items():
        rooms[place(module)] |= {place(target) for target in targets} - {place(module)}
    return rooms


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The groups of two or more that all import each other, directly or through others."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        waiting, targets = [start], set[str]()
        while waiting:
            for target in graph.get(waiting.pop(), ()):
                if target not in targets:
                    targets.add(target)
                    waiting.append(target)
        reach[start] = targets
    groups = {
        tuple(sorted(b for b in reach[a] if a in reach.get(b, ()))) for a in graph if a in reach[a]
    }
    return [list(group) for group in sorted(groups)]


def packages_of(root: Path) -> set[str]:
    """Names of the modules that are folders; `root` as for `imports`."""
    return {
        ".".join([package, *file.parent.relative_to(root / folder).parts])
        for folder, package in FOLDERS.items()
        for file in (root / folder).rglob("__init__.py")
    }


def _trips(root: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in TRIPS.items():
            words = [argument.format(samples=root / "samples") for argument in arguments]
            # The first run compiles kernels.
            for _ in range(2):
                command = [sys.executable, "-c", WALK, *words]
                ended = subprocess.run(command, cwd=folder, capture_output=True, text=True)
                if not Path(folder, words[words.index("-o") + 1]).exists():
                    sys.exit(ended.stderr)
                if name.startswith("decode"):
                    break
            modules, pairs = json.loads(ended.stderr.splitlines()[-1])
            print(f"{name:14}{modules:4} modules{pairs:5} pairs of caller and called")
        for name, use in (
            ("import ncodec", ""),
            ("ncodec.open of a clip", "ncodec.open('clip.nc')"),
            ("ncodec.open of a photo", "ncodec.open('photo.nc')"),
        ):
            command = [sys.executable, "-c", LOADED.format(use=use)]
            lines = [
                subprocess.check_output(command, cwd=folder, text=True).split() for _ in range(5)
            ]
            milliseconds = sorted(float(line[0]) for line in lines)[2]
            print(f"{name:24}{milliseconds:7.1f} ms (median of 5), {lines[0][1]} modules of ncodec")


@click.command()
@click.option("--tree", default=".", type=click.Path(exists=True, path_type=Path), help="A clone.")
@click.option("--trips", is_flag=True, help="Also encode and decode its samples.")
def main(tree: Path, trips: bool) -> None:
    """Show the rooms of the code and their arrows."""
    root = tree.resolve()
    graph, packages = imports(root), packages_of(root)
    rooms = room_arrows(graph, packages)
    for name in sorted(rooms):
        print(f"{name:20} -> {', '.join(sorted(rooms[name]))}")
    arrows = sum(map(len, rooms.values()))
    print(f"{len(graph)} modules, {len(rooms)} rooms, {arrows} arrows")
    print("circles of modules:", circles(graph) or "none")
    print("circles of rooms:", circles(rooms) or "none")
    print("arrows to the top:", sorted(r for r, t in rooms.items() if "ncodec" in t) or "none")
    if trips:
        _trips(root)


if __name__ == "__main__":
    main()
