"""What a process and all that it started weigh together."""

import psutil  # type: ignore[import-untyped]


def family(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and its descendants."""
    return [process, *process.children(recursive=True)]


def memory_mb(process: psutil.Process) -> float:
    """Return the memory that is theirs alone, in MB."""
    return float(sum(one.memory_full_info().uss for one in family(process)) / 2**20)


def cpu_s(process: psutil.Process) -> float:
    """Return the seconds of CPU they have used, in user and system mode."""
    return float(sum(sum(one.cpu_times()[:2]) for one in family(process)))
