"""Calls within a rate limit."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from crm.calling import RateLimit


def test_calls_of_all_threads_together_keep_within_the_limit():
    limit = RateLimit(5, 1.0)

    def call(_number: int) -> float:
        limit.wait()
        return time.monotonic()

    with ThreadPoolExecutor(4) as pool:
        calls = sorted(pool.map(call, range(11)))
    gaps = [late - early for early, late in zip(calls, calls[5:], strict=False)]
    assert min(gaps) > 0.9  # never six in less than a second
