"""What is different between two accounts of runs, and what is none."""

from __future__ import annotations

from lab.comparison import Difference, _told, differences

ONE = {
    "orders": {"PRTT of e164 12125550100": {"delivered": 3, "taken": 3, "reasons": {"SCOPE_PCTDD": 1}}},
    "communications": {"PRTT of e164 12125550100": {"VOICE; between +12125550100": 2}},
    "record": {"collector": {"carrier_report": 1}},
}


def test_the_same_is_no_difference() -> None:
    assert differences(ONE, {name: dict(part) for name, part in ONE.items()}) == []


def test_each_part_names_its_place() -> None:
    other = {
        "orders": {"PRTT of e164 12125550100": {"delivered": 4, "taken": 3, "rejected": 1}},
        "communications": {},
        "record": {"collector": {"carrier_report": 1, "lapse": 1}},
    }
    assert differences(ONE, other) == [
        Difference("orders", "PRTT of e164 12125550100 delivered", 3, 4),
        Difference("orders", "PRTT of e164 12125550100 reasons", {"SCOPE_PCTDD": 1}, None),
        Difference("orders", "PRTT of e164 12125550100 rejected", None, 1),
        Difference("communications", "PRTT of e164 12125550100", {"VOICE; between +12125550100": 2}, None),
        Difference("record", "collector lapse", None, 1),
    ]


def test_flags_about_timing_count_only_when_asked_for() -> None:
    busy = {"delivered": 5, "accepted": 2, "flagged": 3, "reasons": {"CLOCK_SKEW": 3, "OUT_OF_ORDER": 1}}
    assert _told(busy, times=False) == {"delivered": 5, "taken": 5, "reasons": {"OUT_OF_ORDER": 1}}
    assert _told(busy, times=True)["flagged"] == 3 and _told(busy, times=True)["reasons"]["CLOCK_SKEW"] == 3
