"""A thread without a network: the kernel kills whatever it, or a process it started, opens an internet socket with.

By a seccomp filter, which belongs to the thread that set it and to everything that descends from it.
"""

import asyncio
import ctypes
import platform
import struct
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

#: The number of socket(2), and the architecture as seccomp names it.
_SOCKET = {"x86_64": (41, 0xC000003E), "aarch64": (198, 0xC00000B7)}
POSSIBLE = sys.platform == "linux" and platform.machine() in _SOCKET

_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_KILL_PROCESS, _ALLOW = 0x80000000, 0x7FFF0000
_AF_INET, _AF_INET6 = 2, 10
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def run_airgapped(work: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine in a thread of its own that has no network, and return what it returned."""

    def inside() -> T:
        _cut_off()
        return asyncio.run(_awaited(work))

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(inside).result()


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def _cut_off() -> None:
    number, architecture = _SOCKET[platform.machine()]
    # struct seccomp_data: the call's number at 0, the architecture at 4, the first argument at 16.
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUALS, 0, 6, architecture),
        (_LOAD, 0, 0, 0),
        (_EQUALS, 0, 4, number),
        (_LOAD, 0, 0, 16),
        (_EQUALS, 1, 0, _AF_INET),
        (_EQUALS, 0, 1, _AF_INET6),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        _PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the kernel would not take the filter")
