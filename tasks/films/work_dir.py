"""This machine's work files go when nobody has touched them for days: all of them can be made again from the store."""

import shutil
from pathlib import Path
from typing import Final

#: Longer than any film takes, the day it may wait for a person included.
UNUSED_MAX_S: Final = 3 * 86_400


def clean_work_dir(work: Path, *, now_s: float) -> int:
    """Remove the parts, films' folders and leftovers of killed processes that are too old; return how many.

    Args:
        work: The folder of work files.
        now_s: The time, in unix seconds.
    """
    places = [*work.glob("parts/*"), *work.glob("films/*"), *work.glob(".*")]
    old = [place for place in places if now_s - _touched_s(place) > UNUSED_MAX_S]
    for place in old:
        shutil.rmtree(place, ignore_errors=True)
    return len(old)


def _touched_s(place: Path) -> float:
    try:
        return place.stat().st_mtime
    except FileNotFoundError:  # it was somebody's temporary folder, and is gone
        return float("inf")
