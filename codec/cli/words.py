"""Counts and shares as the command line says them."""

from __future__ import annotations

__all__ = ["counted", "share"]


def counted(number: int, noun: str) -> str:
    """``1 segment``, ``2 segments``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def share(size: int, original: int) -> str:
    """A size in per cent of the file that is kept; one that is empty has none."""
    return f"{100 * size / original:.1f} % of the file" if original else "an empty file"
