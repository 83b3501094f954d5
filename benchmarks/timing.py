"""Time two ways of one work in turn, so that a machine's drift touches both alike."""

import statistics
import time
from collections.abc import Callable


def seconds_in_turn(*works: Callable[[], object], rounds: int = 3) -> list[float]:
    """Return each work's median seconds; one round before is not counted."""
    times: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            if number:
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]
