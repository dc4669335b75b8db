"""What a ledger's entries amount to: acts and seals, facts that set clocks, alarms that were told."""

from __future__ import annotations

from typing import Any

from mediation.law.case_log import CaseLog, Fact, alarm_key, duties_for, facts_of, read_log
from mediation.law.custody import missing_of_seal
from mediation.law.duties import DutyKind, alarms
from mediation.law.fields import order_from_fields

START = 1_750_000_000_000_000
END = START + 864_000_000_000
ORDER = order_from_fields(
    {"order_id": "O-1", "kind": "EAVESDROPPING", "case_id": "C-1", "liid": "L-1", "targets": ["12125550101"],
     "start": START, "end": END, "services": ["VOICE"], "issued_at": START}
)  # fmt: skip


def entry(kind: str, utc_us: int = END, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "utc_us": utc_us, "fields": fields}


def fact(which: Fact, value: str, order_id: str = "O-1", case_id: str = "C-1") -> dict[str, Any]:
    return entry("case_fact", fact=str(which), order_id=order_id, case_id=case_id, at_us=END, value=value)


def test_facts_of_other_orders_count_for_nothing_and_the_last_word_counts() -> None:
    log = read_log(
        [
            fact(Fact.INTERVAL, "5"), fact(Fact.INTERVAL, "7"), fact(Fact.POSTPONEMENT, "J-1"),
            fact(Fact.DEVICE, "D-1"), fact(Fact.DEVICE, "D-1"), fact(Fact.ORAL, "", "O-2"), entry("access"),
        ]
    )  # fmt: skip
    facts = facts_of(log, "O-1")
    assert (facts.progress_every_days, facts.postponement_id, facts.devices) == (7, "J-1", ("D-1",))
    assert not facts.oral and facts_of(log, "O-2").oral


def test_what_happens_in_a_case_brings_duties_about() -> None:
    assert {one.kind for one in duties_for(ORDER, CaseLog())} == {
        DutyKind.SEAL_STARTED, DutyKind.SEAL_FINISHED, DutyKind.NOTICE, DutyKind.COURT_REPORT, DutyKind.JANUARY_REPORT,
    }  # fmt: skip
    log = read_log(
        [
            fact(Fact.ARRAIGNMENT, "", "O-9"), fact(Fact.DISCOVERY, "X-1"),
            entry("incident", incident_id="I-1", order_id="O-1", aware_us=END),
        ]
    )  # fmt: skip
    more = {one.kind: one.subject for one in duties_for(ORDER, log)}
    assert more[DutyKind.DEFENDANT_PAPERS] == "C-1" and more[DutyKind.CARRIER_REPORT] == "X-1"
    assert more[DutyKind.IMPROPER_DISCLOSURE] == "I-1"


def test_a_seal_is_two_acts_and_whole_only_with_all_it_must_say() -> None:
    started = entry("seal_started", END + 1, order_id="O-1", direction_id="J-1")
    said = {"order_id": "O-1", "seal_id": "ab", "direction_id": "J-1", "custody": "vault", "started_us": END + 1}
    log = read_log([started, entry("seal", END + 2, **said)])
    assert [one.kind for one in log.acts] == [DutyKind.SEAL_STARTED, DutyKind.SEAL_FINISHED]
    assert missing_of_seal(log.seals["O-1"]) == ()
    bare = read_log([entry("seal", order_id="O-1")]).seals["O-1"]
    assert len(missing_of_seal(bare)) == 4


def test_an_export_is_a_package_only_as_a_hand_off() -> None:
    package = {"order_id": "O-1", "manifest": "m.json", "sha256": "00", "to": "CMS-1", "receipt": ""}
    assert read_log([entry("export", **package)]).packages == {}
    assert read_log([entry("export", hand_off=True, **package)]).packages["O-1"].to == "CMS-1"


def test_an_alarm_is_told_once_a_state() -> None:
    found = alarms(duties_for(ORDER, CaseLog()), (), END + 3 * 86_400_000_000)
    entries = [
        entry("duty_alarm", duty=one.duty.kind.name, subject=one.duty.subject, due_us=one.duty.due_us,
              state=str(one.state))
        for one in found
    ]  # fmt: skip
    assert read_log(entries).told == {alarm_key(one) for one in found} and len(found) == 2
