"""What the maps and the ways of enlarging are called, by their numbers in a file."""

__all__ = ["KINDS", "MAPS"]

MAPS = (
    "JFIF",
    "JFIF, green in 1/64",
    "Photo CD",
    "WebP",
    "video by BT.601",
    "video by BT.709",
)
KINDS = (
    "chroma of full size",
    *("chroma halved both ways",) * 7,
    *("chroma halved across",) * 4,
    *("chroma halved down",) * 3,
)
