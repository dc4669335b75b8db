"""Which streams the rows of a batch are of, on both paths."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from collector.fleet.touched import Touched


def test_each_stream_is_named_once_in_the_order_of_its_first_row(
    compiled: SimpleNamespace, interpreted: SimpleNamespace, interpreted_twin: Callable[..., dict[str, Any]]
) -> None:
    source = interpreted_twin("collector.fleet.touched")["collector.fleet.touched"].Touched
    chance = random.Random(7)
    said = [
        (chance.randrange(3), chance.randrange(-1, 4), chance.choice((0, 1, 1, 2)), chance.choice((-1, 0, 5)))
        for _ in range(400)
    ]
    absent = (2, 3)
    answers = []
    for kernels, made in ((compiled, Touched), (interpreted, source)):
        streams, rows = kernels.stream_table.StreamTable(seed=3, shared=True), kernels.rows.Rows(8)
        touched, expected = made(streams), dict[int, None]()
        for liid, cin, kind, number in said:
            rows.append_row(0, 0, 10, 0, 1, 1, 0, 0, liid, cin, number, 0, kind, 12, 0, -1, 0)
            if number >= 0 and kind < 2 and (liid, cin) != absent:
                expected[streams.slot_of(liid, cin, kind, True)] = None
        assert touched.slots(rows) == list(expected)
        assert touched.slots(rows) == list(expected), "a second batch names them again"
        rows.clear()
        assert touched.slots(rows) == []
        answers.append([streams.key_of(slot)[:] for slot in expected])
    assert answers[0] == answers[1]
