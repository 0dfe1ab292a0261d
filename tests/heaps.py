"""Which tests run in one process, and in which order: both processes are busy to the end."""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

#: The rooms as they are begun, the longest files first. A room that isn't named comes in the middle.
_FIRST: Final = ("tests/e2e/", "tests/browser/", "tests/flows/", "tests/api/", "tests/contract/")
#: Last, and spread test by test: none of them is long, and they share no process but a database's.
_LAST: Final = ("tests/simulation/", "tests/property/", "tests/unit/")
#: Files that can't run at the same time: both listen on the same port.
_TOGETHER: Final = {"tests/api/test_document.py": "canary", "tests/api/test_ssrf.py": "canary"}


def heap_of(nodeid: str) -> str:
    """Return the name of the heap a test belongs to: its file, for what a file's tests start is started once then."""
    file = nodeid.partition("::")[0]
    return nodeid if file.startswith(_LAST) else _TOGETHER.get(file, file)


def _place(nodeid: str) -> int:
    rooms = (*_FIRST, "", *_LAST)
    return next((rooms.index(room) for room in rooms if room and nodeid.startswith(room)), rooms.index(""))


class _Heaps(LoadScopeScheduling):
    """Gives whole heaps to processes, in the order of the tests.

    xdist's own groups are marks that it adds to a test's name, which pytest 9.2 no longer lets it do.
    """

    def _split_scope(self, nodeid: str) -> str:
        return heap_of(nodeid)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the rooms in order, and in each the largest heaps first."""
    sizes: dict[str, int] = {}
    for item in items:
        heap = heap_of(item.nodeid)
        sizes[heap] = sizes.get(heap, 0) + 1
    items.sort(key=lambda item: (_place(item.nodeid), -sizes[heap_of(item.nodeid)], heap_of(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Keep together what shares servers, however tests are spread; keep to the tests' order."""
    config.option.loadscopereorder = False
    return _Heaps(config, log)
