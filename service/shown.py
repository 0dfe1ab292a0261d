"""Words on a terminal. Whatever they hold, they are shown as they stand: no markup, no control sign, no new line.

The one place of this room that hands words to a terminal; a test looks that it is.
"""

import typer
from rich.console import Console
from rich.text import Text

from film.text import clean_text, one_line


def say(words: str, *, err: bool = False) -> None:
    """Write words of one or more lines to standard output, or to standard error."""
    typer.echo(_writable(words), err=err)


def say_on(console: Console, words: str, *, style: str = "", wrap: bool = True) -> None:
    """Write words of one or more lines to a console that may be showing a picture.

    Args:
        console: Where.
        words: What; its line breaks are ours.
        style: How all of it looks.
        wrap: Whether long lines are broken; a line that is read by a script isn't.
    """
    console.print(Text(_writable(words), style), highlight=False, soft_wrap=not wrap)


def cell(words: str, style: str = "") -> Text:
    """Return words of others as one line of a picture."""
    return Text(one_line(words), style)


def _writable(words: str) -> str:
    return clean_text(words).replace("\r\n", "\n") if words else words
