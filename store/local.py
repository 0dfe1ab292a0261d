"""Put-if-absent on a local disk that outlives a power cut.

obstore's local store leaves it to the system when a file reaches the disk, while the ledger waits for its own writes: a
charged segment could be without its file. So the file is synced before it is seen under its name, the name after.
"""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

#: Waits until a file or folder, by its descriptor, is on the disk.
Sync = Callable[[int], None]


def put_new(root: Path, key: str, file: Path, *, sync: Sync = os.fsync) -> bool:
    """Store a copy of a file at `root/key` unless something is there, and return whether it is this one.

    Either way, what lies there is on the disk when this returns.

    Args:
        root: The store's folder.
        key: The object's path in it.
        file: What is stored.
        sync: What waits for the disk.

    Raises:
        OSError: It can't be written; nothing is left under the key.
    """
    target = root / key
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{secrets.token_hex(8)}.draft")
    try:
        if is_new := not target.exists():
            shutil.copyfile(file, draft)
            _sync(draft, sync)
            is_new = _linked(draft, target)
        if not is_new:  # whoever stored it may not have waited
            _sync(target, sync)
    finally:
        draft.unlink(missing_ok=True)
    folder = target.parent
    while folder != root.parent:
        _sync(folder, sync)
        folder = folder.parent
    return is_new


def put_over(root: Path, key: str, file: Path, *, sync: Sync = os.fsync) -> None:
    """Store a copy of a file at `root/key`, in one step, over whatever is there; it is on the disk when this returns.

    Raises:
        OSError: It can't be written; what was there is still there.
    """
    target = root / key
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{secrets.token_hex(8)}.draft")
    try:
        shutil.copyfile(file, draft)
        _sync(draft, sync)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    _sync(target.parent, sync)


def _linked(draft: Path, target: Path) -> bool:
    """Give a draft its name, unless another has it."""
    try:
        os.link(draft, target)
    except FileExistsError:
        return False
    return True


def _sync(path: Path, sync: Sync) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
