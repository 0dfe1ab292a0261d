"""Pieces of the documents that the program writes itself: what stands between two marks is made anew, never by hand."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


def replace_block(page: str, name: str, piece: str, *, command: str) -> str:
    """Return a page's text with `piece` between the two marks of `name`.

    Args:
        page: The page as it is; it has both marks.
        name: The piece's name: `<!-- name: ... -->` begins it, `<!-- /name -->` ends it.
        piece: What the program says, ending in a newline.
        command: The command that writes it, told in the first mark.
    """
    head, found, rest = page.partition(f"<!-- {name}: ")
    _, ended, tail = rest.partition(f"<!-- /{name} -->")
    if not (found and ended):
        raise ValueError(f"the page has no marks for {name}")
    start = f"<!-- {name}: `{command}` writes this, a test keeps it true -->\n"
    return f"{head}{start}{piece}<!-- /{name} -->{tail}"
