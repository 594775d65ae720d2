"""Files that nobody's camera made: every one comes back, soon and in bounded memory."""

import json
import random
import re
import subprocess
import sys
from io import BytesIO

import pytest
from jpegs import jpeg, kinds, scene

import ncodec

SMALL = scene(40, 24)
FILES = {
    "baseline": jpeg(SMALL, quality=70),
    "restarts": jpeg(SMALL, quality=70, restart_marker_blocks=1),
    "progressive": jpeg(SMALL, quality=70, progressive=True),
    "cmyk": jpeg(SMALL.convert("CMYK")),
}
MARKERS = bytes([*range(0xC0, 0xD0), 0xD0, 0xD7, *range(0xD8, 0xE2), 0xFE, 0x01, 0x00, 0xFF])

_WATCHED = """
import json, resource, sys, time
from io import BytesIO
import ncodec

def back(data):
    held = BytesIO()
    ncodec.decode(ncodec.encode(data, codec="pc-jpeg", threads=1).data, held, format="jpg")
    return held.getvalue() == data

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

bombs = [bytes.fromhex(line) for line in sys.stdin]
assert all(map(back, bombs[:2]))
virtual = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (virtual + (1 << 30),) * 2)
before, found = peak(), []
for bomb in bombs[2:]:
    start = time.process_time()
    same = back(bomb)
    found.append([same, time.process_time() - start, peak() - before])
print(json.dumps(found))
"""


def back(data):
    held = BytesIO()
    ncodec.decode(ncodec.encode(data, codec="pc-jpeg", threads=1).data, held, format="jpg")
    return held.getvalue()


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_any_mutation_comes_back(name):
    chance = random.Random(name)
    for _ in range(60):
        data = bytearray(FILES[name])
        for _ in range(chance.randint(1, 4)):
            _mutate(data, chance)
        data[:2] = b"\xff\xd8"
        assert back(bytes(data)) == data


def _mutate(data, chance):
    """Changes bytes, pieces, or markers with what follows them."""
    places = [match.start() for match in re.finditer(rb"\xff[^\0\xff]", data)]
    at = chance.choice([chance.randrange(2, len(data)), chance.choice(places)])
    length = chance.choice([1, 2, 4, 20, 200])
    way = chance.randrange(7)
    if way == 0:
        data[at : at + 1] = chance.randbytes(1)
    elif way == 1:
        del data[at : at + length]
    elif way == 2:
        data[at:at] = data[at : at + length] * chance.choice([1, 3])
    elif way == 3:
        data[at : at + 2] = bytes([0xFF, chance.choice(MARKERS)])
    elif way == 4:
        data[at + 2 : at + 4] = chance.choice([b"\0\0", b"\0\2", b"\xff\xff", chance.randbytes(2)])
    elif way == 5:
        del data[max(at, 8) :]
    else:
        other = FILES[chance.choice(list(FILES))]
        data[at : at + length] = other[chance.randrange(len(other)) :]


def bombs():
    """Files by name whose headers ask for more than they have."""
    grey, color = kinds()["grey"], FILES["baseline"]
    frame, scan = grey.index(b"\xff\xc0"), grey.index(b"\xff\xda")
    tables = grey[grey.index(b"\xff\xc4") : scan]
    body = grey[scan:]

    def huge(width, height, factors, count, kind=0xC0, data=body):
        parts = b"".join(bytes([i + 1, factors, 0]) for i in range(count))
        sides = height.to_bytes(2, "big") + width.to_bytes(2, "big")
        length = (8 + 3 * count).to_bytes(2, "big")
        header = bytes([0xFF, kind]) + length + b"\x08" + sides + bytes([count]) + parts
        return grey[:frame] + header + tables + data

    zeros = body[:-2] + bytes(100_000) + body[-2:]
    broken = body[: 2 + body[3]] + b"\xff\xd3" + random.Random(0).randbytes(300_000)
    first = b"\xff\xda\0\x08\x01\x01\0\0\0\0" + bytes(50)
    return {
        "largest": huge(65535, 65535, 0x11, 1),
        "four components": huge(65535, 65535, 0x44, 4),
        "a limit's side": huge(32768, 32768, 0x44, 4, data=zeros),
        "many blocks": huge(12000, 9000, 0x11, 1, data=zeros),
        "many blocks that are not there": huge(12000, 9000, 0x11, 1, data=broken),
        "many progressive blocks": huge(12000, 9000, 0x11, 1, 0xC2, zeros),
        "empty": huge(0, 0, 0x11, 1),
        "zero factors": huge(64, 64, 0x00, 3),
        "scans": grey[:-2] + body[:-2] * 500 + grey[-2:],
        "progressive scans": huge(2000, 1500, 0x11, 1, 0xC2, first * 3000),
        "tables": grey[:scan] + tables * 500 + body,
        "pictures": grey + color * 300,
        "beginnings": grey + b"\xff\xd8\xff" * 30_000,
        "fill bytes": grey[:frame] + b"\xff" * 200_000 + grey[frame:],
        "empty segments": grey[:frame] + b"\xff\xe5\0\2" * 10_000 + grey[frame:],
        "segments of nothing": grey[:frame] + b"\xff\xe5\0\0" * 20_000 + grey[frame:],
        "restarts": re.sub(rb"(?=\xff\xda)", b"\xff\xdd\0\4\0\1", huge(65535, 64, 0x11, 1)),
        "longest segment": grey[:frame] + b"\xff\xe1\xff\xff" + grey[frame:],
    }


def test_bombs_cost_little_time_and_memory():
    files = bombs()
    warm = [FILES["baseline"], FILES["progressive"]]
    lines = "\n".join(data.hex() for data in [*warm, *files.values()])
    ran = subprocess.run(
        [sys.executable, "-c", _WATCHED], input=lines, capture_output=True, text=True, timeout=100
    )
    assert ran.returncode == 0, ran.stderr
    for (name, data), (same, seconds, grown) in zip(
        files.items(), json.loads(ran.stdout), strict=True
    ):
        assert same, name
        # Pictures that can be rebuilt take what they take: 64 of them, at most.
        assert seconds < (8 if name == "pictures" else 1), (name, len(data), seconds)
        assert grown < 300e6, (name, grown)
