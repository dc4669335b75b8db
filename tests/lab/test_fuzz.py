"""The mutation run in short: nothing but DecodeError, and the harness itself notices what it should notice."""

from __future__ import annotations

import random

import pytest

from lab import fuzz


def test_a_short_run_finds_nothing() -> None:
    report = fuzz.run(400, seed=7)
    assert report.failures == []
    assert report.mutants == 400
    assert set(report.calls) == {name for name, _ in fuzz.ENTRY_POINTS}


def test_the_same_seed_gives_the_same_mutants() -> None:
    corpus = fuzz.seeds(1)
    assert [fuzz.mutate(corpus[0], corpus, random.Random(3)) for _ in range(2)] == [
        fuzz.mutate(corpus[0], corpus, random.Random(3))
    ] * 2


def test_another_error_than_decode_error_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> object:
        raise KeyError("lost")

    monkeypatch.setattr(fuzz, "ENTRY_POINTS", (("broken", broken),))
    report = fuzz.Report()
    fuzz.try_entry_points(b"\x01", report)
    assert report.failures == [{"where": "broken", "what": "KeyError: 'lost'", "octets": "01"}]


def test_a_difference_between_the_paths_is_seen() -> None:
    twins = fuzz.Twins()
    octets = fuzz.seeds(1)[0]
    assert twins.differ(octets) is None
    twins._slow = (twins._fast[0], twins._fast[1], _Other())
    assert twins.differ(octets) == "describe_stream"


class _Other:
    def describe_stream(self, _: list[bytes]) -> list[dict[str, int]]:
        return [{"offset": -1}]
