"""`calea-lab case …` from the end of an order to the closed case: what is refused, by which rule, what is on record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.export.sealed import verify_sealed
from collector.store.private_files import read_public_key
from mediation.law.court_days import add_court_days
from mediation.law.duties import DutyKind
from mediation.law.orders import OrderState
from tests.lab.case_run import CASE, DAY_US, END, HOUR_US, ORDER, START, VAULT, Run

SECOND = 1_000_000
DONE = ("--disposition", "prosecuted", "--classification", "felony")


@pytest.fixture
def run(cli: Callable[..., Any], tmp_path: Path) -> Iterator[Run]:
    """A warrant at its end, with some records, and its cast at the desk."""
    made = Run(cli, tmp_path / "var")
    made.order()
    assert cli("desk", "init", "--data", made.data).code == 0
    made.put(5)
    yield made
    made.end()


def add_privacy_officer(run: Run) -> None:
    outcome = run.cli(
        "user", "add", "sato", "--role", "APO", "--agency", "LAB-LEA", "--person", "LAB-sato", "--data", run.data
    )
    assert outcome.code == 0, outcome.err


def out_to_case_management(run: Run) -> dict[str, Any]:
    run.enter("chen")
    assert run.seal()[0] == 0
    code, said = run.do("hand-off", ORDER, "--to", "CMS-1", "--by", "chen", "--receipt", "CMS-1/77")
    assert code == 0, said
    return said


# --- seal ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-131", "R-134", "R-144")
def test_an_ended_order_is_sealed_outside_the_store_and_the_court_says_so(run: Run) -> None:
    code, said = run.seal()
    assert code == 0 and said["records"] == 5 and said["directory"] == str(run.data / "sealed" / ORDER)
    public = read_public_key(run.data / "collector" / "keys" / "signing.pub")
    assert verify_sealed(run.data / "sealed" / ORDER, public).ok
    assert [order.state for order in run.versions()] == [OrderState.ISSUED, OrderState.SEALED]
    (started,), (finished,) = run.entries("seal_started"), run.entries("seal")
    assert started["custody"] == finished["custody"] == VAULT and finished["by"] == "chen"
    assert finished["seal_id"] == said["seal_id"] and finished["direction_id"] == "O-1.v2"
    assert run.rules("seal", ORDER, "--by", "chen", "--custody", VAULT) == ["R-027"]


@pytest.mark.rule("R-131", "R-131.1")
@pytest.mark.parametrize(
    ("hours", "found"),
    [
        (24 * HOUR_US, []),
        (24 * HOUR_US + 1, ["ALARM"]),
        (48 * HOUR_US, ["ALARM"]),
        (48 * HOUR_US + 1, ["ALARM", "VIOLATION"]),
    ],
)
def test_sealing_that_begins_or_ends_late_is_an_alarm_or_a_violation(run: Run, hours: int, found: list[str]) -> None:
    run.at(END + hours)
    assert run.seal()[0] == 0
    assert [one["severity"] for one in run.entries("duty_alarm")] == found
    assert run.do("duties", ORDER, "--check")[0] == int(bool(found))
    assert [one["severity"] for one in run.entries("duty_alarm")] == found


@pytest.mark.rule("R-131")
def test_attack_sealing_what_still_runs(run: Run) -> None:
    run.at(END - 1)
    assert run.rules("seal", ORDER, "--by", "chen", "--custody", VAULT) == ["R-131"]
    assert run.entries("case_refused")[0]["rule_ids"] == ["R-131"] and run.entries("seal_started") == []


@pytest.mark.rule("R-134", "R-134.1")
def test_a_seal_says_where_the_original_is_kept(run: Run) -> None:
    assert run.rules("seal", ORDER, "--by", "chen") == ["R-134"]
    assert not (run.data / "sealed").exists() and len(run.versions()) == 1


@pytest.mark.rule("R-144")
def test_attack_a_sealed_copy_among_what_is_evicted(run: Run) -> None:
    inside = run.data / "collector" / "store" / "copy"
    assert run.rules("seal", ORDER, "--by", "chen", "--custody", VAULT, "--directory", inside) == ["R-144"]


@pytest.mark.rule("R-073")
def test_attack_an_investigator_seals_and_an_administrator(run: Run) -> None:
    for who in ("rivera", "lund", "nobody"):
        assert run.do("seal", ORDER, "--by", who, "--custody", VAULT)[0] == 1
    assert run.entries("seal_started") == [] and len(run.entries("access")) == 3


def test_an_order_that_brought_nothing_is_sealed_too(run: Run) -> None:
    run.order(order_id="O-2", liid="LAB-2", case_id="C-2")
    code, said = run.do("seal", "O-2", "--by", "chen", "--custody", VAULT)
    assert (code, said["seal_id"], said["records"]) == (0, "no record", 0)


def test_a_copy_is_never_written_over(run: Run) -> None:
    (run.data / "sealed" / ORDER).mkdir(parents=True)
    outcome = run.cli("case", "seal", ORDER, "--by", "chen", "--custody", VAULT, "--data", run.data)
    assert outcome.code == 2 and "never written over" in outcome.err and run.entries("seal_started") == []


# --- hand-off and closing --------------------------------------------------------------------------------------------


@pytest.mark.rule("R-173", "R-173.1")
def test_a_hand_off_goes_to_a_known_system_for_a_stated_need(run: Run) -> None:
    run.enter("chen")
    assert run.seal()[0] == 0
    hand_off = ("hand-off", ORDER, "--by", "chen")
    assert "R-173" in run.rules(*hand_off, "--to", "USB-STICK")
    assert run.rules(*hand_off, "--to", "CMS-1", "--need", " ") == ["R-173"]
    assert run.rules(*hand_off, "--to", "CMS-1", "--need", "immigration enforcement")[0] == "R-065"
    assert not (run.data / "handed-off").exists() and len(run.versions()) == 2


@pytest.mark.rule("R-130")
def test_the_hand_off_has_a_manifest_of_every_file_and_a_receipt(run: Run) -> None:
    said = out_to_case_management(run)
    manifest = json.loads((run.data / said["manifest"]).read_bytes())
    assert manifest["to"] == "CMS-1" and manifest["receipt"] == "CMS-1/77" and manifest["simulation"] is True
    assert set(manifest["files"]) == {"data-3.pcapng", "events.csv"} and manifest["custody"] == VAULT
    assert [order.state for order in run.versions()][1:] == [OrderState.SEALED, OrderState.HANDED_OFF]
    kinds = [one for one in run.entries("export") if one.get("hand_off")]
    assert kinds[0]["reason"] == "long-term keeping of the case file" and len(run.entries("export")) == 2


@pytest.mark.rule("R-131")
def test_attack_a_hand_off_of_what_was_never_sealed(run: Run) -> None:
    run.enter("chen")
    assert run.rules("hand-off", ORDER, "--to", "CMS-1", "--by", "chen") == ["R-131"]


@pytest.mark.rule("R-075")
def test_attack_a_hand_off_from_no_facility(run: Run) -> None:
    assert run.seal()[0] == 0
    assert "R-075" in run.rules("hand-off", ORDER, "--to", "CMS-1", "--by", "chen")


@pytest.mark.rule("R-130", "R-130.2")
def test_the_package_must_be_there_before_the_case_is_closed(run: Run) -> None:
    run.enter("chen")
    close = ("close", ORDER, "--by", "chen", *DONE)
    assert run.seal()[0] == 0
    assert run.rules(*close) == ["R-130"]
    said = out_of_seal(run)
    kept = (run.data / "handed-off" / ORDER / "events.csv").read_bytes()
    (run.data / "handed-off" / ORDER / "events.csv").write_bytes(b"changed")
    assert run.rules(*close) == ["R-130"]
    (run.data / "handed-off" / ORDER / "events.csv").unlink()
    assert run.rules(*close) == ["R-130"]
    (run.data / "handed-off" / ORDER / "events.csv").write_bytes(kept)
    assert run.do(*close)[0] == 0 and (run.data / said["manifest"]).exists()


def out_of_seal(run: Run) -> dict[str, Any]:
    code, said = run.do("hand-off", ORDER, "--to", "CMS-1", "--by", "chen")
    assert code == 0, said
    return said


@pytest.mark.rule("R-142", "R-142.1")
def test_ten_stores_full_of_records_take_no_entry_no_seal_and_no_manifest(run: Run) -> None:
    said = out_to_case_management(run)
    manifest, before = (run.data / said["manifest"]).read_bytes(), len(run.all_entries())
    for _ in range(11):
        for _ in range(8):
            run.put(100, 1000)
        now = len(run.all_entries())
        assert now >= before
        before = now
    assert run.evicted and run.do("duties")[0] == 0
    assert (run.data / said["manifest"]).read_bytes() == manifest
    public = read_public_key(run.data / "collector" / "keys" / "signing.pub")
    report = verify_sealed(run.data / "sealed" / ORDER, public)
    assert report.ok and report.records == 5
    assert run.do("close", ORDER, "--by", "chen", *DONE)[0] == 0
    assert len(run.all_entries()) > before


@pytest.mark.rule("R-145", "R-145.1")
@pytest.mark.parametrize(
    "words",
    [
        (*DONE, "--appeal-pending"),
        ("--disposition", "prosecuted"),
        ("--classification", "felony"),
    ],
)
def test_a_case_is_not_closed_before_its_final_disposition(run: Run, words: tuple[str, ...]) -> None:
    out_to_case_management(run)
    assert run.rules("close", ORDER, "--by", "chen", *words) == ["R-145"]
    assert run.entries("case_closed") == [] and run.entries("case_refused")[-1]["rule_ids"] == ["R-145"]


@pytest.mark.rule("R-149", "R-149.1")
def test_a_closed_case_is_closed_to_whoever_closed_it(run: Run) -> None:
    out_to_case_management(run)
    assert run.do("close", ORDER, "--by", "chen", *DONE)[0] == 0
    assert run.versions()[-1].state is OrderState.CLOSED
    read = ("may", "chen", "read_content", CASE, "--reason", "a look", "--data", run.data)
    outcome = run.cli(*read)
    assert outcome.code == 1 and "R-149" in outcome.out
    assert run.rules("copy", ORDER, "--by", "chen") == ["R-149"]
    assert "R-149" in run.rules("close", ORDER, "--by", "chen", *DONE)


# --- copies and destruction ------------------------------------------------------------------------------------------


@pytest.mark.rule("R-132", "R-132.1")
def test_proceedings_need_the_seal_or_an_explanation(run: Run) -> None:
    run.enter("chen")
    proceedings = ("copy", ORDER, "--by", "chen", "--use", "proceedings", "--confirmed")
    code, said = run.do(*proceedings)
    assert code == 1 and said["against"] == [
        {"code": "SEAL_MISSING", "rule": "R-132", "says": said["against"][0]["says"]}
    ]
    code, said = run.do(*proceedings, "--explanation", "the vault burnt down (fictional)")
    assert code == 0 and said["files"] == 2
    (entry,) = run.entries("copy")
    assert entry["rule_ids"] == ["R-132"] and entry["explanation"].startswith("the vault")
    assert run.rules(*proceedings[:-1], "--explanation", "x") == ["R-151"]
    assert run.seal()[0] == 0
    assert run.do(*proceedings)[0] == 0 and run.entries("copy")[-1]["rule_ids"] == []


@pytest.mark.rule("R-135", "R-135.1")
def test_work_copies_are_made_before_the_seal_and_after(run: Run) -> None:
    run.enter("chen")
    first = run.do("copy", ORDER, "--by", "chen")
    assert run.seal()[0] == 0
    second = run.do("copy", ORDER, "--by", "chen")
    assert (first[0], second[0]) == (0, 0) and first[1]["directory"] != second[1]["directory"]


@pytest.mark.rule("R-140", "R-140.1", "R-140.2")
def test_the_defendant_has_the_papers_in_fifteen_days_and_before_the_trial(run: Run) -> None:
    assert run.seal()[0] == 0
    assert run.do("act", ORDER, "arraignment", "--by", "weiss_")[0] == 1
    assert run.do("act", ORDER, "arraignment", "--by", "rivera")[0] == 0
    due = add_court_days(END, 15)
    trial = ("copy", ORDER, "--by", "chen", "--use", "proceedings", "--confirmed", "--trial-at", "+30d")
    assert run.rules(*trial) == ["R-140"]
    run.at(due + 1)
    run.enter("chen")
    late = ("act", ORDER, "defendant-papers", "--by", "rivera")
    assert run.do(*late)[0] == 0
    assert run.rules(*trial) == ["R-140"]
    assert run.do("act", ORDER, "good-cause", "--by", "rivera", "--reference", "J-9")[0] == 0
    assert run.do(*trial)[0] == 0


@pytest.mark.rule("R-140", "R-140.1")
def test_papers_on_the_fifteenth_day_are_in_time(run: Run) -> None:
    assert run.seal()[0] == 0
    assert run.do("act", ORDER, "arraignment", "--by", "rivera")[0] == 0
    run.at(add_court_days(END, 15))
    assert run.do("act", ORDER, "defendant-papers", "--by", "rivera")[0] == 0
    trial = ("copy", ORDER, "--by", "chen", "--use", "proceedings", "--confirmed", "--trial-at", "+30d")
    assert run.do(*trial)[0] == 0


@pytest.mark.rule("R-133", "R-133.1", "R-133.2")
def test_originals_are_kept_ten_years_and_go_only_by_the_judge_s_order(run: Run) -> None:
    years = 365 * DAY_US
    out_to_case_management(run)
    assert run.do("close", ORDER, "--by", "chen", *DONE)[0] == 0
    run.at(END + 9 * years)
    assert run.do("destroy", ORDER, "--judge-order", "J-3")[1]["against"][0]["code"] == "DOC_MISSING:ten_years"
    run.at(END + 11 * years)
    assert run.rules("destroy", ORDER) == ["R-133"]
    assert [one["codes"] for one in run.entries("case_refused")] == [
        ["DOC_MISSING:ten_years"], ["DOC_MISSING:destruction_order"],
    ]  # fmt: skip
    assert run.do("destroy", ORDER, "--by", "chen", "--judge-order", "J-3")[0] == 1
    code, said = run.do("destroy", ORDER, "--judge-order", "J-3")
    assert (code, said["deleted"]) == (0, False) and (run.data / "sealed" / ORDER).exists()
    assert run.entries("destruction_permitted")[0]["judge_order"] == "J-3"


# --- acts and duties -------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-136", "R-136.1", "R-136.2", "R-136.3")
def test_notice_within_ninety_days_with_all_it_must_say(run: Run) -> None:
    notice = ("act", ORDER, "notice", "--by", "rivera")
    code, said = run.do(*notice)
    assert code == 1 and [one["code"] for one in said["against"]] == [
        "DOC_MISSING:notice.recipient", "DOC_MISSING:notice.intercepted",
    ]  # fmt: skip
    day_90 = add_court_days(END, 90)
    assert run.seal()[0] == 0
    run.at(day_90)
    assert overdue(run, "notice served") == []
    run.at(day_90 + 1)
    assert overdue(run, "notice served") == [("VIOLATION", "R-136", "OVERDUE")]
    run.at(day_90)
    assert run.do(*notice, "--recipient", "a fictional person", "--intercepted")[0] == 0
    (entry,) = run.entries("duty_act")
    assert entry["contents"] == {
        "recipient": "a fictional person", "issued_us": START - HOUR_US, "period_us": [START, END], "intercepted": True,
    }  # fmt: skip


@pytest.mark.rule("R-136", "R-136.1")
def test_notice_on_the_ninetieth_day_meets_the_duty(run: Run) -> None:
    run.at(add_court_days(END, 90))
    assert run.do("act", ORDER, "notice", "--by", "rivera", "--recipient", "a person", "--not-intercepted")[0] == 0
    run.at(add_court_days(END, 95))
    assert duty(run, "notice served")["state"] == "MET"


@pytest.mark.rule("R-137", "R-137.1", "R-137.2")
def test_only_a_judge_s_order_postpones_notice_and_then_the_days_do_not_run(run: Run) -> None:
    assert run.rules("act", ORDER, "postponement", "--by", "rivera") == ["R-137"]
    assert duty(run, "notice served")["state"] == "DUE"
    assert run.do("act", ORDER, "postponement", "--by", "rivera", "--reference", "J-4")[0] == 0
    run.at(add_court_days(END, 200))
    assert [one for one in run.do("duties", ORDER)[1]["duties"] if one["duty"] == "notice served"] == []


@pytest.mark.rule("R-138", "R-138.1")
def test_notice_is_due_when_the_emergency_order_was_denied(run: Run) -> None:
    denied = START + HOUR_US
    run.order(
        order_id="O-3", liid="LAB-3", case_id="C-3", kind="EXIGENT_EAV_STATE", activated_at=START, denied_at=denied,
        issued_at=None,
    )  # fmt: skip
    found = [one for one in run.do("duties", "O-3")[1]["duties"] if one["duty"] == "notice served"]
    assert [one["rule"] for one in found] == ["R-138"]
    run.at(add_court_days(denied, 90) + 1)
    assert overdue(run, "notice served", "O-3") == [("VIOLATION", "R-138", "OVERDUE")]


@pytest.mark.rule("R-139", "R-139.1")
def test_the_courts_have_their_report_in_thirty_days(run: Run) -> None:
    day_30 = add_court_days(END, 30)
    run.at(day_30)
    assert overdue(run, "report to the courts") == []
    run.at(day_30 + 1)
    assert overdue(run, "report to the courts") == [("ALARM", "R-139", "OVERDUE")]
    assert run.do("act", ORDER, "court-report", "--by", "weiss", "--reference", "AO-1")[0] == 0
    assert [one["state"] for one in run.entries("duty_alarm") if one["duty"] == "COURT_REPORT"] == ["OVERDUE", "LATE"]
    run.at(day_30 + DAY_US)
    run.do("duties", ORDER)
    assert [one["state"] for one in run.entries("duty_alarm") if one["duty"] == "COURT_REPORT"] == ["OVERDUE", "LATE"]


@pytest.mark.rule("R-067", "R-067.1", "R-067.2")
def test_a_progress_report_at_each_of_the_judge_s_intervals(run: Run) -> None:
    assert run.rules("act", ORDER, "progress-interval", "--by", "rivera", "--reference", "often") == ["R-067"]
    assert run.do("act", ORDER, "progress-interval", "--by", "rivera", "--reference", "10")[0] == 0
    due = add_court_days(START, 10)
    run.at(due)
    assert run.do("act", ORDER, "progress-report", "--by", "rivera")[0] == 0
    assert overdue(run, "progress report") == []
    second = add_court_days(START, 20) + SECOND
    run.at(second)
    assert overdue(run, "progress report") == [("ALARM", "R-067", "OVERDUE")]
    code, said = run.do("act", ORDER, "progress-report", "--by", "rivera")
    assert (code, said["subject"]) == (0, "O-1/2")


@pytest.mark.rule("R-044", "R-044.1", "R-044.2")
def test_the_transcript_of_an_oral_application_is_filed_in_a_day(run: Run) -> None:
    run.at(START)
    assert run.do("act", ORDER, "oral-application", "--by", "weiss")[0] == 0
    due = START - HOUR_US + 24 * HOUR_US
    run.at(due)
    assert overdue(run, "transcript filed") == []
    run.at(due + 1)
    assert overdue(run, "transcript filed") == [("ALARM", "R-044", "OVERDUE")] and len(run.versions()) == 1


@pytest.mark.rule("R-146", "R-146.1")
def test_a_device_that_is_still_there_at_the_end_is_an_alarm(run: Run) -> None:
    run.at(END - HOUR_US)
    assert run.do("act", ORDER, "device-installed", "--by", "chen", "--subject", "DEV-1")[0] == 0
    assert run.do("act", ORDER, "device-installed", "--by", "chen", "--subject", "DEV-2")[0] == 0
    assert run.do("act", ORDER, "device-disabled", "--by", "chen", "--subject", "DEV-2")[0] == 0
    assert run.rules("act", ORDER, "device-disabled", "--by", "chen") == ["R-146"]
    run.at(END)
    assert overdue(run, "device disabled") == [("ALARM", "R-146", "OVERDUE")]


@pytest.mark.rule("R-148", "R-148.1", "R-148.2")
def test_the_log_of_an_own_device_goes_to_the_court_whole_in_thirty_days(run: Run) -> None:
    assert run.do("act", ORDER, "packet-device", "--by", "chen", "--reference", "sniffer 1")[0] == 0
    log = ("act", ORDER, "packet-log", "--by", "chen")
    assert len(run.rules(*log)) == 6
    day_30 = add_court_days(END, 30)
    run.at(day_30)
    assert overdue(run, "device log to the court") == []
    run.at(day_30 + 1)
    assert overdue(run, "device log to the court") == [("ALARM", "R-148", "OVERDUE")]
    whole = ("--installed-by", "chen", "--accessed-by", "chen", "--installed", "2026-03-02T00:00:00Z", "--removed",
             "2026-03-22T00:00:00Z", "--configuration", "one address", "--collected", "headers")  # fmt: skip
    assert run.do(*log, *whole)[0] == 0


@pytest.mark.rule("R-084")
def test_a_supervisor_s_round_is_an_act_of_a_facility(run: Run) -> None:
    inspection = ("act", ORDER, "inspection", "--subject", "F2", "--data", run.data)
    assert run.cli("case", *inspection, "--by", "chen").code == 2
    assert run.cli("case", *inspection, "--by", "okafor").code == 0
    assert run.entries("inspection") == [{"facility": "F2", "by": "okafor"}]


def test_attack_an_act_that_is_still_to_come_and_one_by_whoever_may_not(run: Run) -> None:
    assert run.cli("case", "act", ORDER, "notice", "--by", "rivera", "--at", "+1d", "--data", run.data).code == 2
    assert run.cli("case", "act", ORDER, "seal-finished", "--by", "chen", "--data", run.data).code == 2
    for who, kind in (("lund", "court-report"), ("rivera", "device-disabled"), ("chen", "improper-disclosure")):
        assert run.do("act", ORDER, kind, "--by", who, "--subject", "x")[0] == 1
    assert run.entries("duty_act") == []


def duty(run: Run, name: str, order_id: str = ORDER) -> dict[str, Any]:
    (found,) = [one for one in run.do("duties", order_id)[1]["duties"] if one["duty"] == name]
    return found


def overdue(run: Run, name: str, order_id: str = ORDER) -> list[tuple[str, str, str]]:
    """Alarms about a duty now, as `duties --check` tells them, with its exit code held against them."""
    code, said = run.do("duties", order_id, "--check")
    assert code == int(bool(said["alarms"]))
    found = [one for one in said["alarms"] if DutyKind[one["duty"]] == name]
    return [(one["severity"], one["rule"], one["state"]) for one in found]


# --- disclosure ------------------------------------------------------------------------------------------------------

CONFIRMED = ("--requester", "a fictional officer", "--confirmed")


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        pytest.param(("internal", "--purpose", ""), "R-150", marks=pytest.mark.rule("R-150", "R-150.1")),
        pytest.param(
            ("other_agency", "--ground", "3", "--court-order", "J-1"), "R-152",
            marks=pytest.mark.rule("R-152", "R-152.1"),
        ),
        pytest.param(
            ("other_agency", "--ground", "6", "--court-order", "J-1"), "R-152",
            marks=pytest.mark.rule("R-152", "R-152.2"),
        ),
        pytest.param(
            ("outside", "--ground", "6", "--crime", "X-1", "--purpose", "immigration enforcement"), "R-153",
            marks=pytest.mark.rule("R-153", "R-153.1"),
        ),
        pytest.param(
            ("other_agency", "--ground", "2", "--approval", "AP-1"), "R-157",
            marks=pytest.mark.rule("R-157", "R-157.1"),
        ),
        pytest.param(
            ("public_records", "--ground", "2", "--approval", "AP-1"), "R-158",
            marks=pytest.mark.rule("R-158", "R-158.1"),
        ),
        pytest.param(
            ("press", "--ground", "3", "--approval", "AP-1"), "R-159", marks=pytest.mark.rule("R-159", "R-159.1")
        ),
        pytest.param(("subscriber",), "R-147", marks=pytest.mark.rule("R-147", "R-147.1")),
    ],
)  # fmt: skip
def test_what_may_not_be_disclosed_is_refused_by_its_rule_and_recorded(
    run: Run, words: tuple[str, ...], rule: str
) -> None:
    add_privacy_officer(run)
    code, said = run.do("disclose", ORDER, "--by", "sato", *CONFIRMED, "--recipient", *words)
    assert code == 1 and rule in [one["rule"] for one in said["against"]]
    (entry,) = run.entries("disclosure")
    assert entry["allowed"] is False and rule in entry["rule_ids"]


@pytest.mark.rule("R-151", "R-151.1")
def test_nobody_unchecked_gets_anything(run: Run) -> None:
    add_privacy_officer(run)
    asked = ("disclose", ORDER, "--by", "sato", "--recipient", "other_agency", "--ground", "1", "--approval", "AP-1",
             "--court-order", "J-1")  # fmt: skip
    assert run.rules(*asked, "--requester", "somebody") == ["R-151"]
    assert run.do(*asked, *CONFIRMED)[0] == 0


@pytest.mark.rule("R-156", "R-156.1")
def test_the_prosecutor_receives_a_package_and_no_login(run: Run) -> None:
    asked = ("disclose", ORDER, "--by", "chen", *CONFIRMED, "--recipient", "prosecutor", "--jurisdiction")
    assert run.rules(*asked, "--form", "login") == ["R-156"]
    assert run.do(*asked)[0] == 0
    assert [one["allowed"] for one in run.entries("disclosure")] == [False, True]


@pytest.mark.rule("R-154", "R-154.1", "R-154.2")
def test_an_improper_disclosure_is_reported_in_a_day(run: Run) -> None:
    add_privacy_officer(run)
    assert run.rules("incident", ORDER, "--by", "nobody", "--says", "x") == ["R-072"]
    code, said = run.do("incident", ORDER, "--by", "rivera", "--says", "a list went to a wrong address")
    assert (code, said["incident_id"], said["due"]) == (0, "I-1", "2026-03-22T23:00:00.000000Z")
    run.at(END + 24 * HOUR_US)
    assert overdue(run, "improper disclosure reported") == []
    run.at(END + 24 * HOUR_US + SECOND)
    assert overdue(run, "improper disclosure reported") == [("VIOLATION", "R-154", "OVERDUE")]
    run.at(END + 24 * HOUR_US)
    assert run.do("act", ORDER, "improper-disclosure", "--by", "sato", "--subject", "I-1")[0] == 0
    assert duty(run, "improper disclosure reported")["state"] == "MET"


@pytest.mark.rule("R-155")
def test_who_is_affected_is_told_and_the_quarter_is_numbers_without_names(run: Run) -> None:
    add_privacy_officer(run)
    asked = ("disclose", ORDER, "--by", "sato", *CONFIRMED, "--recipient", "other_agency", "--court-order", "J-1")
    assert run.do(*asked, "--ground", "2", "--approval", "AP-1", "--harm-likely")[0] == 0
    assert run.do("disclosures")[1] == {
        "quarter": "2026-Q1",
        "summary": {"other_agency: required or permitted by law": 1},
        "to_be_told": ["D-1"],
    }
    assert run.rules("act", ORDER, "affected-told", "--by", "sato") == ["R-155"]
    assert run.do("act", ORDER, "affected-told", "--by", "sato", "--subject", "D-1")[0] == 0
    assert run.do("disclosures", "--quarter", "2026-Q2")[1] == {"quarter": "2026-Q2", "summary": {}, "to_be_told": []}
