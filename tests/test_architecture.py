"""Who may import whom: docs/architecture.md, as a test."""

from pathlib import Path

import pytest

from ncodec.eval.studies.structure import circles, imports, packages_of, room_arrows

ROOT = Path(__file__).parent.parent
GRAPH = imports(ROOT)
ROOMS = room_arrows(GRAPH, packages_of(ROOT))

BASE = {"_version", "device", "errors", "formats", "formats/entropy", "store", "threads"}
"""What any room above them may use."""

FAMILIES = {
    "circuit": set(),
    "circuit/flow": {"circuit"},
    "jpeg": set(),
    "photo": {"photo/deep", "photo/past", "photo/simple"},
    "photo/deep": set(),
    "photo/past": {"photo/simple"},
    "photo/simple": set(),
    "student": set(),
    "video": set(),
    "video/inr": set(),
    "video/hnerv": {"video/inr"},
    "video/nervpp": {"video/inr"},
    "video/ngrid": {"video/inr"},
}
"""Rooms of codecs, and what each may use of the others: nothing of another family's."""

ALLOWED = {
    "formats": set(),
    "formats/entropy": {"formats"},
    "errors": {"formats"},
    "device": {"errors"},
    "threads": set(),
    "store": BASE,
    "media/matroska": {"_version", "errors", "formats"},
    "media": BASE - {"device", "store"} | {"media/matroska"},
    "plugin": {"errors", "formats", "formats/entropy"},
    "guard": BASE | {"plugin"},
    "registry": BASE | {"guard", "plugin"},
    "weights": BASE,
    "dct": BASE,
    **{name: BASE | {"dct", "media", "plugin", "weights"} | own for name, own in FAMILIES.items()},
    "files": BASE | {"media", "media/matroska", "plugin", "registry"},
    "jobs": BASE | {"files", "media", "plugin", "registry"},
}
"""Rooms below the API, and all that each may import."""


def test_modules_and_rooms_form_no_circles():
    assert circles(GRAPH) == []
    assert circles(ROOMS) == []


@pytest.mark.parametrize("name", ALLOWED)
def test_a_room_imports_only_what_lies_below_it(name):
    assert name in ROOMS
    assert ROOMS[name] <= ALLOWED[name]


def test_every_room_of_a_codec_has_its_rules():
    families = {"video", "circuit", "jpeg", "photo"}
    below = {room for room in ROOMS if room.partition("/")[0] in families}
    assert below <= set(FAMILIES)


def test_nothing_in_the_package_imports_its_top_but_the_command_line_and_the_evaluation():
    assert {room for room, targets in ROOMS.items() if "ncodec" in targets} <= {
        "cli",
        "eval/bench",
        "eval/studies",
    }


def test_a_circle_is_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert circles(graph) == [["a", "b", "c"]]
