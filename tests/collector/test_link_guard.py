"""A link that delivers somebody else: when it pauses, and what it takes to go on."""

from __future__ import annotations

import pytest

from asn1.errors import RefusedError
from collector.link_guard import LinkGuard, paused_links
from mediation.law.verdicts import Reason, Verdict, VerdictKind

WRONG = Verdict(VerdictKind.REJECT, (Reason.TARGET_MISMATCH,), ("R-022",))
GOOD = Verdict(VerdictKind.ACCEPT)
AGAIN = Verdict(VerdictKind.DUPLICATE, (Reason.DUPLICATE,), ("R-093",))


@pytest.mark.rule("R-022")
def test_three_in_a_row_pause_and_two_do_not() -> None:
    guard = LinkGuard(3)
    guard.judged(WRONG)
    guard.judged(WRONG)
    assert not guard.paused
    guard.judged(WRONG)
    assert guard.paused and guard.tripped


def test_another_verdict_begins_the_count_anew_a_repeat_does_not() -> None:
    guard = LinkGuard(3)
    for verdict in (WRONG, WRONG, GOOD, WRONG, AGAIN, WRONG):
        guard.judged(verdict)
    assert not guard.paused and guard.in_a_row == 2
    guard.accepted()
    guard.judged(WRONG)
    assert guard.in_a_row == 1


def test_off_unless_configured() -> None:
    guard = LinkGuard()
    for _ in range(1000):
        guard.judged(WRONG)
    assert not guard.paused


@pytest.mark.parametrize(("by", "note"), [("okafor", ""), ("", "carrier corrected it"), (" ", " "), ("okafor", "  x ")])
def test_attack_no_resume_without_a_name_and_a_note(by: str, note: str) -> None:
    guard = LinkGuard(1)
    guard.judged(WRONG)
    with pytest.raises(RefusedError, match=r"R-022"):
        guard.resume(by, note)
    assert guard.paused


def test_a_supervisor_s_note_lets_it_go_on_and_the_guard_stays() -> None:
    guard = LinkGuard(2)
    with pytest.raises(RefusedError, match="not paused"):
        guard.resume("okafor", "carrier corrected it")
    guard.judged(WRONG)
    guard.judged(WRONG)
    assert guard.resume("okafor", "carrier corrected it")["note"] == "carrier corrected it"
    assert not guard.paused
    for _ in range(100):
        guard.judged(WRONG)
    assert not guard.paused, "the supervisor knows of this trouble"
    for verdict in (GOOD, WRONG):
        guard.judged(verdict)
    assert not guard.paused
    guard.judged(WRONG)
    assert guard.paused, "it was over, and this is another"


def test_a_restart_does_not_end_a_pause() -> None:
    entries = [
        {"kind": "link_paused", "fields": {"link": "hi2"}},
        {"kind": "link_paused", "fields": {"link": "hi3"}},
        {"kind": "link_resumed", "fields": {"link": "hi2"}},
    ]
    assert paused_links(entries) == {"hi3"}
