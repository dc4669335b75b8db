"""A run as it could have been measured, for tests that measure nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.bench.ledger import Counted, Ledger
from lab.bench.plan import Loaded
from lab.bench.profiles import Profile, named
from lab.bench.run import Measured, Sample
from lab.bench.usage import Usage


@pytest.fixture
def measured() -> Callable[..., Measured]:
    """`measured(cpu_s, profile)`: 1000 records, 100 of them refused, in two seconds."""

    def make(cpu_s: float = 2.0, profile: Profile | None = None) -> Measured:
        loaded = Loaded(1000, 1000, 4, 2.0, 0.5, {"flood": [[0, 1000]]}, {"flood": 1}, 316)
        ledger = Ledger(1000, 1000, Counted(1000, 900, rejected=100), 900, 900)
        used = Usage(cpu_s, cpu_s, 0.0, {1: cpu_s}, 50 << 20, 60 << 20)
        samples = (Sample(0.0, 0, 0, 0.0, 1 << 20), Sample(0.5, 500, 400, 1.0, 2 << 20))
        return Measured(profile or named("cc200"), loaded, samples, ledger, used, {"main": cpu_s}, 3)

    return make
