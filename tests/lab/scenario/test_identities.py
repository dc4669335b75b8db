"""The guard rail: whatever could be somebody's is found anywhere in a scenario's file, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from lab.scenario.catalogue import shipped
from lab.scenario.identities import foreign
from lab.scenario.reading import for_trainee, read

SHIPPED = shipped()

OURS = [
    "+12125550100", "12125550101", "+1-212-555-0100", "(212) 555-0199", "555-0133", "001012125550101",
    "sip:+12125550100@ims.invalid", "sim-2125550100@data.invalid", "192.0.2.7", "198.51.100.255", "203.0.113.1",
    "2001:db8::1", "[2001:db8::1]", "::1", "127.0.0.1", "http://localhost:8080/x", "https://sim.example.invalid/a",
    "2026-03-01T14:00:00.000001Z", "T0+60d", "=END-1us", "14:00:00", "SC-06l", "C-2026/4", "at 9.30 in the morning",
    "O22", "CASE-22", "R-067", "123*4#",
]  # fmt: skip
SOMEBODY_S = [
    "+442079460958", "call 212-555-1234 now", "212.555.1234", "3105551234", "+1 310 555 1234", "12125550200",
    "555-0299", "310150123456789", "002012125550101", "sip:alice@example.com", "alice@example.org",
    "mailto:bob@example.net", "www.example.com", "http://example.com/x", "https://8.8.8.8/", "8.8.8.8",
    "10.0.0.1", "192.168.1.7",
    "1.1.1.1",
    "2606:4700::1111", "fe80::1", "[2606:4700::1111]:443", "sip:+13105551234@ims.invalid", "ftp://files.example.org",
]  # fmt: skip


@pytest.mark.parametrize("text", OURS)
def test_what_belongs_to_nobody(text: str) -> None:
    assert list(foreign({"briefing": text})) == []


@pytest.mark.parametrize("text", SOMEBODY_S)
@pytest.mark.parametrize("where", ["briefing", "papers", "inject", "key"])
def test_attack_what_could_be_somebody_s(text: str, where: str) -> None:
    held: dict[str, Any] = {
        "briefing": {"briefing": f"They write to {text}, as always."},
        "papers": {"orders": [{"papers": {"queried": text}}]},
        "inject": {"steps": [{"inject": [{"kind": "sms", "text": f"it is {text}"}]}]},
        "key": {"configuration": {"mediation": {"faults": {"wrong_number": {text: "12125550100"}}}}},
    }[where]
    assert list(foreign(held)), text


def test_whole_numbers() -> None:
    assert list(foreign({"caller": 13105551234})) and list(foreign({"a": {"b": [442079460958]}}))
    amounts = {
        "late_us": 86_400_000_000,
        "store": {"capacity_octets": 2_621_440_000},
        "clock_offset_us": {"*": 1 << 40},
    }
    assert not list(foreign({**amounts, "count": 30_000, "caller": 12125550100, "on": True}))


def test_a_sentence_says_where_and_what_to_take() -> None:
    (said,) = foreign({"steps": [{"inject": [{"to": "+13105551234"}]}]})
    assert said.startswith("steps.0.inject.0.to: 13105551234") and "555 01XX" in said


@pytest.mark.parametrize("path", sorted({one.path for one in SHIPPED.values()}), ids=lambda path: path.stem)
def test_nothing_that_is_shipped_is_anybody_s(path: Any) -> None:
    assert not list(foreign(for_trainee(read(path), None)))
