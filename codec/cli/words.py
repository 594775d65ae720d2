"""Lines, counts and shares as the command line says them."""

from __future__ import annotations

import click

__all__ = ["counted", "plain", "say", "share"]


def say(line: str, *, err: bool = False) -> None:
    """Prints one line, whatever is in it; see `plain`."""
    click.echo(plain(line), err=err)


def plain(text: str) -> str:
    """One line of a terminal: what would steer the terminal, or look like another line, is escaped.

    Names and tags of files, and what messages quote of them, are anybody's.

    >>> plain("a\\x1b[2J\\nb")
    'a\\\\x1b[2J\\\\nb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def counted(number: int, noun: str) -> str:
    """``1 segment``, ``2 segments``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def share(size: int, original: int) -> str:
    """A size in per cent of the file that is kept; one that is empty has none."""
    return f"{100 * size / original:.1f} % of the file" if original else "an empty file"
