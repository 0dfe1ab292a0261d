"""What some tests need beside Python: without it they are skipped, which the last lines tell, but never in CI."""

import os
import shutil
from typing import Final

import pytest

#: Programs under other names, and Debian's package where it has another name.
_ALSO: Final = {"chromium": ("chromium-browser", "google-chrome")}
_PACKAGES: Final = {"node": "nodejs", "timeout": "coreutils"}


def program(name: str) -> str:
    """Return a program's path, whatever its name is here; its plain name if there is none."""
    return _found(name) or name


def needs(*programs: str, besides: str = "") -> pytest.MarkDecorator:
    """Skip a test that lacks programs, or something `besides` that a command makes; the reason says how to get it."""
    missing = [name for name in programs if _found(name) is None]
    ways = [f"apt-get install {' '.join(_PACKAGES.get(name, name) for name in missing)}"] if missing else []
    ways += [besides] if besides else []
    what = ", ".join(missing) or "what a command makes"
    return pytest.mark.skipif(bool(ways) and os.environ.get("CI") != "true", reason=f"no {what}: {', '.join(ways)}")


def _found(name: str) -> str | None:
    return next(filter(None, map(shutil.which, (name, *_ALSO.get(name, ())))), None)
