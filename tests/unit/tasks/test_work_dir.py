"""Work files that nobody touched for days are removed, and nothing else is."""

import os
from pathlib import Path

from tasks.films.work_dir import UNUSED_MAX_S, clean_work_dir

NOW_S = 2_000_000_000.0


def place(work: Path, name: str, *, age_s: float) -> Path:
    """Make a folder with a file in it that was touched so long ago."""
    folder = work / name
    folder.mkdir(parents=True)
    (folder / "part.mp4").write_bytes(b"x")
    os.utime(folder, (NOW_S - age_s, NOW_S - age_s))
    return folder


def test_only_what_is_old_goes(tmp_path: Path) -> None:
    """A part, a film's folder and a killed process's leftover; what is younger stays, and so does the work folder."""
    old = [place(tmp_path, name, age_s=UNUSED_MAX_S + 1) for name in ("parts/a", "films/vid_1", ".copy-1")]
    young = [place(tmp_path, name, age_s=UNUSED_MAX_S - 1) for name in ("parts/b", "films/vid_2", ".copy-2")]
    assert clean_work_dir(tmp_path, now_s=NOW_S) == 3
    assert not any(folder.exists() for folder in old)
    assert all(folder.exists() for folder in young)
    assert clean_work_dir(tmp_path, now_s=NOW_S) == 0


def test_no_work_yet_is_nothing_to_sweep(tmp_path: Path) -> None:
    """A machine that has made nothing has no folder."""
    assert clean_work_dir(tmp_path / "work", now_s=NOW_S) == 0
