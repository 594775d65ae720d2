"""The parts of tables: cells, rows and headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ncodec.eval.report.styles import Style
from ncodec.eval.report.words import DASH

__all__ = ["Cell", "Row", "Table", "over"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: a number or words.
        notes: smaller texts below it.
        tone: ``good``, ``bad``, ``best``, ``quiet``, ``parts`` or empty.
        style: the style of the curve that a swatch before the text shows.
        words: whether the text is to break into lines and stand on the left.
    """

    text: str
    notes: Sequence[str] = ()
    tone: str = ""
    style: Style | None = None
    words: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of cells, its heading first; one cell alone is a heading of the rows below it."""

    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a heading for each column, and rows."""

    head: Sequence[Cell]
    rows: Sequence[Row]

    def known(self) -> Table:
        """The table without the columns in which nothing is known."""
        full = [row.cells for row in self.rows if len(row.cells) == len(self.head)]
        kept = [
            column
            for column in range(len(self.head))
            if column == 0 or any(cells[column].text not in (DASH, "") for cells in full)
        ]
        rows = [
            Row([row.cells[column] for column in kept]) if len(row.cells) > 1 else row
            for row in self.rows
        ]
        return Table([self.head[column] for column in kept], rows)


def over(*names: str) -> list[Cell]:
    """The headings of columns, in which what follows a comma has a line of its own."""
    return [
        Cell(name, [unit] if unit else ()) for name, _, unit in (n.partition(", ") for n in names)
    ]
