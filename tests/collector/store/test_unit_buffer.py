"""The buffer of a unit grows and keeps its alignment."""

from __future__ import annotations

import mmap

import numpy as np

from collector.store.unit_buffer import STEP_OCTETS, UnitBuffer


def test_it_grows_in_steps_and_stays_page_aligned() -> None:
    buffer = UnitBuffer()
    for octets in (1, STEP_OCTETS, STEP_OCTETS + 1, 5 * STEP_OCTETS, 10):
        view = buffer.reserve(octets)
        assert len(view) >= octets and len(view) % STEP_OCTETS == 0
        assert np.frombuffer(view, np.uint8).ctypes.data % mmap.PAGESIZE == 0
    assert len(buffer.view) == 5 * STEP_OCTETS
