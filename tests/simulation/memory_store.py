"""The store of a history: objects in memory, put if absent."""

import hashlib
from pathlib import Path

from store.objects import ObjectFacts, Objects
from tests.simulation.process import Process


class MemoryObjects(Objects):
    """One process's way to the objects; the objects themselves outlive it."""

    def __init__(self, objects: dict[str, ObjectFacts], process: Process) -> None:
        self._objects = objects
        self._process = process

    async def put(self, key: str, file: Path) -> ObjectFacts:
        """Store a file unless its key is taken."""
        await self._process.point("store")
        facts = facts_of(file)
        self._objects.setdefault(key, facts)
        await self._process.point("stored")
        return facts


def facts_of(file: Path) -> ObjectFacts:
    """Return a file's hash and size."""
    content = file.read_bytes()
    return ObjectFacts(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
