"""Room on the disk, asked before anything is spent."""

import shutil
from pathlib import Path

from film.errors import DiskFull


def free_bytes(path: Path) -> int:
    """Return the bytes free where `path` is, or where it would be made."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def require_space(path: Path, needed_bytes: int) -> None:
    """Check that `needed_bytes` fit where `path` is.

    Raises:
        DiskFull: They don't.
    """
    if (free := free_bytes(path)) < needed_bytes:
        raise DiskFull(path=str(path), needed_bytes=needed_bytes, free_bytes=free)
