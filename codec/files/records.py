"""What a file of images keeps beside their pixels: names, metadata, the source's layout."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from ncodec.errors import DamagedFile
from ncodec.formats import Limits, cbor
from ncodec.media.image import Metadata

__all__ = ["KEY", "LONE", "Records"]

KEY = "images"
"""The key in the meta box; the value is zlib-compressed CBOR."""

LONE: Mapping[str, Any] = {"kind": "image"}
"""The layout of one image that came as a file of its own."""

_MANY = {dict: "maps", int: "numbers", str: "texts"}
_COUNT, _LAYOUT, _NAMES = "count", "layout", "names"
_METADATA, _WHICH = "metadata", "which"
_MODIFIED, _PAGES = "modified", "pages"


@dataclass(frozen=True, slots=True)
class Records:
    """How many images there are, names and metadata of each, and the source file's layout; when
    their files were changed last, in nanoseconds since 1970; which page of its file each is.

    Names, metadata and times may be empty, and are in a file whose meta box was lost: its pixels
    can still be decoded. One image of its own has no name in the file, whose name is another's
    choice.
    """

    count: int = 0
    layout: Mapping[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()
    metadata: Sequence[Metadata] = ()
    modified: Sequence[int] = ()
    pages: Sequence[int] = ()

    def pack(self) -> bytes:
        """The bytes that the meta box holds.

        Raises:
            LimitExceeded: no reader would take so much.
        """
        record: dict[str, Any] = {}
        if not self.lone:
            record = {
                _COUNT: self.count,
                _LAYOUT: dict(self.layout),
                _NAMES: list(self.names),
            }
        if self.modified:
            # Files of one folder are often minutes apart: differences take fewer bytes.
            pairs = zip((0, *self.modified), self.modified, strict=False)
            record[_MODIFIED] = [time - before for before, time in pairs]
        if any(self.pages):
            record[_PAGES] = list(self.pages)
        if any(self.metadata):
            # Images of one camera or program share theirs.
            distinct = list(dict.fromkeys(self.metadata))
            places = {metadata: place for place, metadata in enumerate(distinct)}
            record[_METADATA] = [metadata.to_record() for metadata in distinct]
            record[_WHICH] = [places[metadata] for metadata in self.metadata]
        plain = cbor.dumps(record)
        Limits().check("meta_bytes", len(plain))
        return zlib.compress(plain, 9)

    @property
    def lone(self) -> bool:
        """Whether this is one image that came as a file of its own."""
        return self.count == 1 and self.layout == LONE

    @classmethod
    def unpack(cls, data: object, limits: Limits | None = None) -> Records:
        """Reads what `pack` wrote.

        Raises:
            DamagedFile: it is something else.
            LimitExceeded: it inflates to more than a meta box may have.
        """
        limits = limits or Limits()
        if type(data) is not bytes:
            raise DamagedFile(
                "the images' names and metadata are not bytes: get another copy of the file"
            )
        inflater = zlib.decompressobj()
        try:
            plain = inflater.decompress(data, limits.meta_bytes + 1)
        except zlib.error as error:
            raise DamagedFile(
                f"the images' names and metadata do not inflate ({error}): get another copy of "
                "the file"
            ) from None
        limits.check("meta_bytes", len(plain))
        fields = cbor.loads(plain, "the images' record", limits)
        if not isinstance(fields, dict):
            raise _wrong("record", "map")
        layout = fields.get(_LAYOUT, LONE)
        if not isinstance(layout, Mapping) or not all(isinstance(key, str) for key in layout):
            raise _wrong("layout", "map with text keys")
        count = fields.get(_COUNT, 1)
        if type(count) is not int or count < 0:
            raise _wrong(_COUNT, "number of images")
        distinct = [Metadata.from_record(record) for record in _listed(fields, _METADATA, dict)]
        which = _listed(fields, _WHICH, int)
        if not all(0 <= place < len(distinct) for place in which):
            raise _wrong(_WHICH, f"list of numbers below {len(distinct)}")
        return cls(
            count,
            layout,
            _listed(fields, _NAMES, str),
            tuple(distinct[place] for place in which),
            tuple(accumulate(_listed(fields, _MODIFIED, int))),
            _listed(fields, _PAGES, int),
        )

    def name(self, index: int) -> str:
        """The name of image `index`, made up where the file does not say."""
        return self.names[index] if index < len(self.names) else f"image-{index:05}"

    def modified_at(self, index: int) -> int | None:
        return self.modified[index] if index < len(self.modified) else None

    def page(self, index: int) -> int:
        """Which page of its file image `index` is, from 0 on."""
        return self.pages[index] if index < len(self.pages) else 0

    def metadata_of(self, index: int) -> Metadata:
        return self.metadata[index] if index < len(self.metadata) else Metadata()


def _listed(fields: Mapping[Any, Any], key: str, kind: type[Any]) -> tuple[Any, ...]:
    """The list at `key`, none where it is missing.

    Raises:
        DamagedFile: it is something else, or a value is of another type.
    """
    values = fields.get(key, [])
    if not isinstance(values, list) or not all(type(value) is kind for value in values):
        raise _wrong(key, f"list of {_MANY[kind]}")
    return tuple(values)


def _wrong(what: str, allowed: str) -> DamagedFile:
    return DamagedFile(f"the images' {what} is no {allowed}: get another copy of the file")
