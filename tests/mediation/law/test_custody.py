"""Closing a warrant: the seal, its custody, what leaves without it, notice, destruction, the defendant's papers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mediation.law.court_days import add_court_days
from mediation.law.custody import (
    CopyUse,
    Notice,
    PacketLog,
    Seal,
    defendant_duty,
    destruction_lacks,
    may_copy,
    may_use_at_trial,
    missing_of_notice,
    missing_of_packet_log,
    missing_of_postponement,
    missing_of_seal,
)
from mediation.law.duties import Act, DutyKind
from mediation.law.verdicts import Reason

SECOND = 1_000_000
END = 1_774_965_600 * SECOND
SEAL = Seal("O-1", "sha256:ab", "J-7", "court vault 3 (fictional)", END + 1, END + 2)
NOTICE = Notice("O-1", "a fictional person", END - 100, END - 90, END, intercepted=False)
LOG = PacketLog("O-1", "chen", ("chen",), END - 5, END, "filter: one address", "headers of 12 packets")


def at(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, 12, tzinfo=UTC).timestamp()) * SECOND


@pytest.mark.rule("R-131")
@pytest.mark.parametrize(
    ("changes", "item"),
    [
        ({"seal_id": ""}, "seal_id"),
        ({"direction_id": ""}, "direction_id"),
        ({"started_at_us": None}, "started_at"),
        ({"finished_at_us": None}, "finished_at"),
        ({"finished_at_us": END}, "finished_at"),
    ],
)
def test_a_seal_that_lacks_something_is_none(changes: dict[str, object], item: str) -> None:
    assert missing_of_seal(SEAL) == ()
    (lack,) = missing_of_seal(replace(SEAL, **changes))
    assert (lack.code, lack.rule) == (f"SEAL_MISSING:seal.{item}", "R-131")


@pytest.mark.rule("R-134", "R-134.1")
@pytest.mark.parametrize("custody", ["", " "])
def test_a_seal_says_where_the_judge_ordered_the_original_to_be_kept(custody: str) -> None:
    (lack,) = missing_of_seal(replace(SEAL, custody=custody))
    assert (lack.item, lack.rule) == ("seal.custody", "R-134")
    assert not may_copy(CopyUse.PROCEEDINGS, replace(SEAL, custody=custody)).allowed


@pytest.mark.rule("R-132")
def test_the_package_for_proceedings_is_blocked_without_a_seal() -> None:
    assert may_copy(CopyUse.PROCEEDINGS, SEAL) == (True, (), ())
    assert may_copy(CopyUse.PROCEEDINGS, None) == (False, (Reason.SEAL_MISSING,), ("R-132",))
    assert may_copy(CopyUse.PROCEEDINGS, replace(SEAL, finished_at_us=None)).reasons == (Reason.SEAL_MISSING,)
    assert may_copy(CopyUse.PROCEEDINGS, None, "  ").reasons == (Reason.SEAL_MISSING,)


@pytest.mark.rule("R-132", "R-132.1")
def test_a_filed_explanation_opens_it_and_is_audited() -> None:
    assert may_copy(CopyUse.PROCEEDINGS, None, "the vault was flooded; filed as X-3") == (True, (), ("R-132",))


@pytest.mark.rule("R-135", "R-135.1")
@pytest.mark.parametrize("seal", [SEAL, None])
def test_a_work_copy_is_allowed_after_the_seal_and_without_one(seal: Seal | None) -> None:
    assert may_copy(CopyUse.WORK, seal).allowed


@pytest.mark.rule("R-133", "R-133.1")
@pytest.mark.parametrize("order_id", ["", "J-9"])
def test_an_original_nine_years_old_is_not_destroyed_whoever_orders_it(order_id: str) -> None:
    lacking = destruction_lacks(at(2026, 4, 1), at(2035, 4, 1), order_id)
    assert "ten_years" in [lack.item for lack in lacking]
    assert all(lack.rule == "R-133" for lack in lacking)


@pytest.mark.rule("R-133", "R-133.2")
def test_an_original_eleven_years_old_is_destroyed_only_on_the_judges_order() -> None:
    assert [lack.item for lack in destruction_lacks(at(2026, 4, 1), at(2037, 4, 1), " ")] == ["destruction_order"]
    assert destruction_lacks(at(2026, 4, 1), at(2037, 4, 1), "J-9") == ()


@pytest.mark.rule("R-133")
def test_ten_years_are_over_to_the_microsecond() -> None:
    ended = at(2026, 4, 1) + 7
    assert destruction_lacks(ended, at(2036, 4, 1) + 6, "J-9")
    assert destruction_lacks(ended, at(2036, 4, 1) + 7, "J-9") == ()
    leap = at(2028, 2, 29)
    assert destruction_lacks(leap, at(2038, 2, 28), "J-9")
    assert destruction_lacks(leap, at(2038, 3, 1), "J-9") == ()


@pytest.mark.rule("R-136", "R-136.3")
@pytest.mark.parametrize(
    ("changes", "item"),
    [
        ({"issued_at_us": None}, "issued_at"),
        ({"period_start_us": None}, "period"),
        ({"period_end_us": None}, "period"),
        ({"intercepted": None}, "intercepted"),
        ({"recipient": ""}, "recipient"),
        ({"written": False}, "written"),
    ],
)
def test_notice_states_issue_period_and_whether_anything_was_intercepted(changes: dict[str, object], item: str) -> None:
    assert missing_of_notice(NOTICE) == missing_of_notice(replace(NOTICE, intercepted=True)) == ()
    (lack,) = missing_of_notice(replace(NOTICE, **changes))
    assert (lack.item, lack.rule) == (f"notice.{item}", "R-136")


@pytest.mark.rule("R-137", "R-137.1")
def test_a_postponement_needs_its_order() -> None:
    assert [(lack.item, lack.rule) for lack in missing_of_postponement("")] == [("postponement_id", "R-137")]
    assert missing_of_postponement("P-1") == ()


ARRAIGNED = at(2026, 9, 1)
DUE = defendant_duty("C-1", ARRAIGNED)
TRIAL = at(2026, 12, 1)


def furnished(day: int) -> list[Act]:
    return [Act(DutyKind.DEFENDANT_PAPERS, "C-1", add_court_days(ARRAIGNED, day))]


@pytest.mark.rule("R-140", "R-140.1")
def test_papers_to_the_defendant_on_day_15_allow_use_at_trial() -> None:
    assert may_use_at_trial(DUE, furnished(15), TRIAL, TRIAL).allowed
    assert may_use_at_trial(DUE, furnished(-3), TRIAL, TRIAL).allowed


@pytest.mark.rule("R-140", "R-140.2")
def test_on_day_16_use_is_blocked_unless_extended_for_good_cause() -> None:
    assert may_use_at_trial(DUE, furnished(16), TRIAL, TRIAL) == (False, (Reason.DOC_MISSING,), ("R-140",))
    assert may_use_at_trial(DUE, furnished(16), TRIAL, TRIAL, "X-2").allowed
    assert not may_use_at_trial(DUE, furnished(16), TRIAL, TRIAL, " ").allowed


@pytest.mark.rule("R-140")
def test_no_extension_allows_use_before_the_defendant_had_the_papers() -> None:
    assert not may_use_at_trial(DUE, [], TRIAL, TRIAL, "X-2").allowed
    assert not may_use_at_trial(DUE, furnished(10), add_court_days(ARRAIGNED, 10), TRIAL).allowed
    assert may_use_at_trial(DUE, furnished(10), add_court_days(ARRAIGNED, 10) + 1, TRIAL).allowed


@pytest.mark.rule("R-148")
@pytest.mark.parametrize(
    ("changes", "item"),
    [
        ({"installed_by": ""}, "installed_by"),
        ({"accessed_by": ()}, "accessed_by"),
        ({"installed_at_us": None}, "installed_at"),
        ({"removed_at_us": None}, "removed_at"),
        ({"configuration": ""}, "configuration"),
        ({"collected": ""}, "collected"),
    ],
)
def test_the_log_of_an_own_device_says_who_when_how_and_what(changes: dict[str, object], item: str) -> None:
    assert missing_of_packet_log(LOG) == ()
    (lack,) = missing_of_packet_log(replace(LOG, **changes))
    assert (lack.item, lack.rule) == (f"packet_log.{item}", "R-148")
