"""Record management by itself, over both databases: who may what, how a case ends, what goes out, what is due."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import RefusedError
from collector.store.audit_log import AuditLog, OneKey, read_audit, verify_audit
from lab.agency.records import law
from lab.agency.records.config import SCHEDULE
from lab.agency.records.database import Database
from lab.agency.records.deeds import DEEDS, Asked
from lab.agency.records.law import Standing, Task, Who, may_end, may_share
from lab.agency.records.office import Done, Office
from lab.agency.records.packages import unpack
from lab.agency.records.receiving import Receiving, receipt_holds
from lab.agency.records.tables import PEOPLE
from lab.postgres import Server
from mediation.law.actors import Role
from mediation.law.disclosure import Disclosure, DisclosureGround, Disposition, Outcome, Recipient, Source
from mediation.law.verdicts import Reason

T = 1_780_000_000_000_000
S, H, DAY = 1_000_000, 3_600_000_000, 86_400_000_000
CRIME = "criminal investigation"
CONFIRMED = {"identity_confirmed": True, "affiliation_confirmed": True, "purpose": CRIME}
PEOPLE_HERE = {"rivera": "INV", "okafor": "SUP", "lund": "TADM", "doyle": "ICO", "ames": "APO", "weiss": "PROS"}


class Bench:
    def __init__(self, place: Path, url: str) -> None:
        self.now_us = T
        self.key = Ed25519PrivateKey.generate()
        self.database = Database(url)
        self.audit = AuditLog(place / "audit", OneKey(self.key), name="calea-lab/records")
        self.office = Office(
            "CMS-1", place, self.database, self.audit, SCHEDULE, [bytes(32)], lambda: self.now_us,
        )  # fmt: skip
        for user_id, role in PEOPLE_HERE.items():
            self.database.put(PEOPLE, {"user_id": user_id, "role": role})
        self.receiving = Receiving(self.office, self.key)
        self.place = place

    def item(
        self, kind: str = "image", case: str = "C-1", by: str = "rivera", octets: bytes = b"picture", **more: str
    ) -> str:
        said = {"case": case, "by": by, "kind": kind, "device": "CAM1", "made_us": str(T - DAY), **more}
        return str(self.receiving.item(octets, said)["item_id"])

    def do(self, deed: str, by: str, **fields: Any) -> Done:
        return DEEDS[deed](self.office, Asked({"by": by, **fields}))

    def against(self, deed: str, by: str, **fields: Any) -> set[str]:
        """The rules that a refusal names; the refusal is on record."""
        before = self.audit.entries
        done = self.do(deed, by, **fields)
        assert not done.answer.allowed and self.audit.entries > before
        last = [one for one in read_audit(self.place / "audit") if one["kind"] == "decision"][-1]["fields"]
        assert last["decision"] == "DENIED" and last["by"] == by and set(last["rule_ids"]) == set(done.answer.rules)
        return set(done.answer.rules)


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'records.sqlite'}"
        else:
            server: Server = request.getfixturevalue("postgres")
            url = stack.enter_context(server.database())
        made = Bench(tmp_path, url)
        yield made
        made.audit.close()
        made.database.close()


# Access by need and role


@pytest.mark.rule("R-173")
def test_a_case_is_open_to_whom_it_was_given_for_a_need(bench: Bench) -> None:
    item = bench.item()
    read = bench.do("read", "rivera", case_id="C-1", need="the trial")
    assert read.answer.allowed and [one["item_id"] for one in read.made["items"]] == [item]
    assert bench.against("read", "rivera", case_id="C-1", need=" ") == {"R-173"}
    assert bench.against("read", "rivera", case_id="C-1", need="an immigration enforcement list") == {"R-065"}
    assert bench.against("read", "okafor", case_id="C-1", need="the trial") == {"R-073"}
    # Another's case and none at all are answered alike.
    assert bench.against("read", "okafor", case_id="C-NONE", need="the trial") == {"R-073"}
    assert "R-173" in bench.against("read", "weiss", case_id="C-1", need="the trial")
    assert "R-173" in bench.against("read", "nobody", case_id="C-1", need="the trial")


@pytest.mark.rule("R-173", "SD-1")
def test_access_is_somebody_elses_to_give(bench: Bench) -> None:
    bench.item()
    assert "SD-1" in bench.against("give", "okafor", user_id="okafor", case_id="C-1", need="mine")
    assert "R-173" in bench.against("give", "rivera", user_id="okafor", case_id="C-1", need="help")
    assert "R-173" in bench.against("give", "lund", user_id="weiss", case_id="C-1", need="trial")
    assert bench.against("give", "lund", user_id="okafor", case_id="C-NONE", need="trial") == {"R-073"}
    assert bench.do("give", "lund", user_id="okafor", case_id="C-1", need="supervises it").answer.allowed
    assert bench.do("read", "okafor", case_id="C-1", need="the trial").answer.allowed


def test_a_search_sees_the_cases_that_are_open_and_no_others(bench: Bench) -> None:
    bench.item(who="+12125550101")
    bench.item(case="C-2", by="okafor", octets=b"other", who="+12125550101", kind="recording")
    found = bench.do("search", "rivera", need="the trial", who="+12125550101")
    assert [(row["case_id"], row["kind"], row["time_us"]) for row in found.made["rows"]] == [("C-1", "image", T - DAY)]
    for miss in ({"kind": "recording"}, {"case_id": "C-2"}, {"from_us": T - DAY + 1}, {"until_us": T - DAY}):
        assert bench.do("search", "rivera", need="the trial", **miss).made["rows"] == []
    assert len(bench.do("search", "rivera", need="x", from_us=T - DAY, until_us=T - DAY + 1).made["rows"]) == 1
    assert bench.against("search", "rivera", need="", who="+12125550101") == {"R-173"}


# How a case ends


@pytest.mark.rule("R-145", "R-145.1")
def test_a_case_is_never_closed_while_an_appeal_is_pending(bench: Bench) -> None:
    bench.item()
    assert "R-145" in bench.against("close", "okafor", case_id="C-1")
    case = {"case_id": "C-1", "outcome": "PROSECUTED", "classification": "felony"}
    bench.do("dispose", "okafor", **case, appeal_pending=True)
    assert bench.against("close", "okafor", case_id="C-1") == {"R-145"}
    bench.do("dispose", "okafor", **case)
    closed = bench.do("close", "okafor", case_id="C-1")
    assert closed.made["closed_us"] == T and closed.made["keep_until_us"] == 2_568_918_400_000_000
    # An appeal that comes later opens it again: then it is kept for good.
    bench.do("dispose", "okafor", **case, appeal_pending=True)
    read = bench.do("read", "rivera", case_id="C-1", need="appeal").made
    assert read["closed_us"] is None and read["keep_until_us"] is None
    assert bench.against("close", "okafor", case_id="C-1") == {"R-145"}


@pytest.mark.rule("R-145")
@pytest.mark.parametrize("outcome", Outcome)
def test_each_final_disposition_closes_and_none_without_a_classification(outcome: Outcome) -> None:
    assert may_end(Standing(Disposition(outcome, "felony"))).allowed
    assert not may_end(Standing(Disposition(outcome, ""))).allowed
    assert not may_end(Standing(Disposition(None, "felony"))).allowed


def test_how_long_a_case_is_kept_follows_its_classification() -> None:
    closed = Standing(Disposition(Outcome.SETTLED, "violation"), T)
    assert law.keep_until_us(closed, {"violation": 5}) == law.years_later(T, 5)
    assert law.keep_until_us(closed, {"violation": 6}) > law.years_later(T, 5)  # type: ignore[operator]
    for open_ in (closed._replace(closed_us=None), closed._replace(disposition=Disposition(None, "unknown"))):
        assert law.keep_until_us(open_, {"violation": 5}) is None


@pytest.mark.parametrize("fields", [{"outcome": "FORGOTTEN"}, {"classification": "nothing known"}])
def test_a_disposition_is_one_that_there_is(bench: Bench, fields: dict[str, str]) -> None:
    bench.item()
    assert bench.against("dispose", "okafor", case_id="C-1", **fields) == {"R-145"}


# What goes out


@pytest.mark.rule("R-156", "R-156.1", "R-151")
def test_the_prosecutor_is_brought_a_package(bench: Bench) -> None:
    item = bench.item()
    asked = {"case_id": "C-1", "recipient": "prosecutor", "requester": "weiss", **CONFIRMED, "has_jurisdiction": True}
    done = bench.do("share", "okafor", **asked, discovery=True)
    assert (bench.place / done.made["directory"] / f"{item}.bin").read_bytes() == b"picture"
    assert "R-156" in bench.against("share", "okafor", **{**asked, "form": "login"})
    assert "R-156" in bench.against("share", "okafor", **{**asked, "has_jurisdiction": False})
    assert "R-151" in bench.against("share", "okafor", **{**asked, "identity_confirmed": False})
    assert "R-156" in bench.against("share", "okafor", **{**asked, "recipient": "defence"})
    assert "R-150" in bench.against("share", "rivera", **asked)


@pytest.mark.rule("R-152", "R-152.1", "R-152.2")
def test_outside_it_takes_one_of_seven_grounds_and_names_what(bench: Bench) -> None:
    item = bench.item()
    asked = {"case_id": "C-1", "recipient": "outside", "requester": "a city agency", **CONFIRMED, "what": [item]}
    papers = {
        1: {"approval_id": "A-1"}, 2: {"approval_id": "A-1"}, 3: {"approval_id": "A-1"}, 4: {"city_approval_id": "C-1"},
        5: {"routine_id": "R-1"}, 6: {"crime_reference": "X-1"}, 7: {"welfare_reference": "W-1"},
    }  # fmt: skip
    assert len(papers) == len(DisclosureGround)
    for number, paper in papers.items():
        assert bench.against("share", "ames", **asked, ground=number) == {"R-152"}
        assert bench.do("share", "ames", **asked, ground=number, **paper).answer.allowed
    assert bench.against("share", "ames", **asked) == {"R-152"}
    unnamed = {**asked, "what": []}
    assert bench.against("share", "ames", **unnamed, ground=6, crime_reference="X-1") == {"R-150"}
    others = {**asked, "what": ["not-of-this-case"]}
    assert "R-073" in bench.against("share", "ames", **others, ground=6, crime_reference="X-1")


@pytest.mark.rule("R-153", "R-153.1", "R-065")
@pytest.mark.parametrize("field", ["purpose", "details", "crime_reference"])
def test_immigration_enforcement_is_refused_whatever_the_ground(bench: Bench, field: str) -> None:
    asked = {"case_id": "C-1", "recipient": "outside", "requester": "x", **CONFIRMED, "what": [bench.item()]}
    for number in range(1, 8):
        papers = dict.fromkeys(
            ("approval_id", "city_approval_id", "routine_id", "crime_reference", "welfare_reference"), "P"
        )
        fields = {**asked, **papers, "ground": number, field: "immigration enforcement"}
        assert "R-153" in bench.against("share", "ames", **fields)


@pytest.mark.rule("R-157")
def test_another_agency_needs_a_written_agreement(bench: Bench) -> None:
    asked = {
        "case_id": "C-1", "recipient": "other_agency", "requester": "OTHER-LEA", **CONFIRMED, "ground": 6,
        "crime_reference": "X-1", "what": [bench.item()],
    }  # fmt: skip
    assert bench.against("share", "ames", **asked) == {"R-157"}
    assert "R-173" in bench.against("agree", "okafor", agency="OTHER-LEA", agreement="MOU 7")
    bench.do("agree", "ames", agency="OTHER-LEA", agreement="MOU 7 (fictional)")
    assert bench.do("share", "ames", **asked).answer.allowed


@pytest.mark.rule("R-159", "R-159.1")
@pytest.mark.parametrize("recipient", [Recipient.PRESS, Recipient.COMMUNITY_LEADER])
def test_what_the_system_collected_never_goes_to_the_press_what_a_camera_took_may(recipient: Recipient) -> None:
    request = Disclosure(
        recipient, "a paper", "other official business", identity_confirmed=True, affiliation_confirmed=True,
        source=Source.CASE_MANAGEMENT, ground=DisclosureGround.MISSION, approval_id="A-1",
    )  # fmt: skip
    officer = Who("ames", Role.APO)
    refused = may_share(officer, request, collected=True, agreement=False)
    assert not refused.allowed and "R-159" in refused.rules
    assert may_share(officer, request, collected=False, agreement=False).allowed


@pytest.mark.rule("R-150", "R-150.1")
def test_a_disclosure_without_a_purpose_is_refused(bench: Bench) -> None:
    asked = {
        "case_id": "C-1",
        "recipient": "prosecutor",
        "requester": "weiss",
        "has_jurisdiction": True,
        "what": [bench.item()],
    }
    assert "R-150" in bench.against("share", "okafor", **{**asked, **CONFIRMED, "purpose": ""})


@pytest.mark.rule("R-158", "R-158.1")
def test_a_request_of_the_public_waits_for_a_person_and_releases_nothing(bench: Bench) -> None:
    item = bench.item()
    request = bench.do("public-request", "", case_id="C-1", requester="somebody", asks="all pictures").made[
        "request_id"
    ]
    asked = {
        "case_id": "C-1", "recipient": "public_records", "requester": "somebody", **CONFIRMED, "ground": 2,
        "approval_id": "A-1", "what": [item], "request_id": request,
    }  # fmt: skip
    assert bench.against("share", "ames", **asked) == {"R-158"}
    assert "R-173" in bench.against("review", "rivera", request_id=request, release=True, why="fine")
    bench.do("review", "ames", request_id=request, release=False, why="an open case")
    assert bench.against("share", "ames", **asked) == {"R-158"}
    assert "R-073" in bench.against("review", "ames", request_id=request, release=True, why="again")
    second = bench.do("public-request", "", case_id="C-1", requester="somebody", asks="one picture").made["request_id"]
    bench.do("review", "ames", request_id=second, release=True, why="nobody is in it")
    assert not (bench.place / "shared").exists()
    assert bench.do("share", "ames", **{**asked, "request_id": second}).answer.allowed


@pytest.mark.rule("R-154", "R-154.1", "R-154.2")
@pytest.mark.parametrize(("late_us", "state"), [(0, "MET"), (1, "LATE"), (S, "LATE")])
def test_an_improper_disclosure_is_reported_within_24_hours(bench: Bench, late_us: int, state: str) -> None:
    made = bench.do("incident", "doyle", case_id="C-1", says="to the wrong desk").made
    assert made["due_us"] == T + 24 * H and bench.office.overdue() == []
    bench.now_us = T + 24 * H + late_us
    assert bench.office.overdue() == ([made["incident_id"]] if late_us else [])
    assert "R-173" in bench.against("report", "okafor", incident_id=made["incident_id"], reference="city 5")
    assert bench.do("report", "ames", incident_id=made["incident_id"], reference="city 5").made["state"] == state
    kinds = [one["kind"] for one in read_audit(bench.place / "audit")]
    assert ("duty_alarm" in kinds) == (state == "LATE") and bench.office.overdue() == []
    assert "R-073" in bench.against("report", "ames", incident_id=made["incident_id"], reference="again")


def test_nobody_becomes_aware_in_the_future(bench: Bench) -> None:
    with pytest.raises(RefusedError, match="still to come"):
        bench.do("incident", "doyle", says="x", aware_us=T + 1)


@pytest.mark.rule("R-155")
def test_a_quarter_is_numbers_without_names(bench: Bench) -> None:
    asked = {"case_id": "C-1", "recipient": "prosecutor", "requester": "weiss", **CONFIRMED, "has_jurisdiction": True}
    bench.item()
    shared = bench.do("share", "okafor", **asked, harm_likely=True).made["disclosure_id"]
    bench.do("share", "okafor", **{**asked, "has_jurisdiction": False})
    bench.now_us = T + 100 * DAY
    bench.do("share", "okafor", **asked)
    counts = bench.do("summary", "ames", from_us=T, until_us=T + 90 * DAY).made["counts"]
    assert counts == {"prosecutor: no ground needed": 1, "prosecutor: refused": 1}
    assert "weiss" not in json.dumps(counts) and "R-173" in bench.against("summary", "rivera")
    assert bench.do("told", "ames", disclosure_id=shared).answer.allowed


# What is brought in


@pytest.mark.parametrize(
    "said", [{"case": ""}, {"by": ""}, {"kind": "rumour"}, {"device": ""}, {"made_us": "soon"}, {"made_us": str(T + 1)}]
)
def test_an_item_says_whose_it_is_and_when_it_was_made(bench: Bench, said: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="DOC_MISSING"):
        bench.item(**said)
    with pytest.raises(RefusedError):
        bench.item(octets=b"")
    assert bench.item() == bench.item()


def tar_of(**files: bytes) -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, octets in files.items():
            head = tarfile.TarInfo(name)
            head.size = len(octets)
            archive.addfile(head, io.BytesIO(octets))
    made.seek(0)
    return made


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../b", "x\\y", "n" * 201])
def test_attack_a_package_writes_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedError):
        unpack(tar_of(**{name: b"x"}), tmp_path / "in")
    assert [path.name for path in tmp_path.iterdir()] == ["in"] and not list((tmp_path / "in").rglob("*"))


def test_attack_a_package_holds_no_links_and_no_devices(tmp_path: Path) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as archive:
            head = tarfile.TarInfo("manifest.json")
            head.type, head.linkname = kind, "/etc/passwd"
            archive.addfile(head)
        made.seek(0)
        with pytest.raises(RefusedError, match="plain files"):
            unpack(made, tmp_path / kind.decode())
    with pytest.raises(RefusedError, match="no package"):
        unpack(io.BytesIO(b"no tar at all" * 100), tmp_path / "text")


def test_attack_what_proves_nothing_is_not_taken_and_leaves_nothing(bench: Bench) -> None:
    manifest = json.dumps({"format": "calea-lab evidence 1", "case": "C-1", "order": "O-1"}).encode()
    with pytest.raises(RefusedError, match="does not prove itself"):
        bench.receiving.package(tar_of(**{"manifest.json": manifest}), "chen", "rivera", "keeping")
    with pytest.raises(RefusedError, match="R-173"):
        bench.receiving.package(tar_of(**{"manifest.json": manifest}), "chen", "rivera", " ")
    assert not list((bench.place / "arriving").iterdir()) and not (bench.place / "packages").exists()
    assert [one["kind"] for one in read_audit(bench.place / "audit")] == ["package_refused"] * 2


def test_attack_a_receipt_of_somebody_else_is_none() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    receipt = {"format": "calea-lab receipt 1", "package": "ab"}
    octets = json.dumps(receipt, sort_keys=True, separators=(",", ":")).encode()
    signed = {"receipt": receipt, "signature": key.sign(octets).hex()}
    assert receipt_holds(signed, key.public_key(), "ab")
    assert not receipt_holds(signed, other.public_key(), "ab") and not receipt_holds(signed, key.public_key(), "cd")
    assert not receipt_holds({}, key.public_key(), "ab") and not receipt_holds(
        {**signed, "receipt": {}}, key.public_key(), "ab"
    )


def test_the_ledger_verifies_and_a_changed_entry_is_found(bench: Bench) -> None:
    bench.item()
    bench.do("read", "rivera", case_id="C-1", need="the trial")
    public = OneKey(bench.key).trust
    assert verify_audit(bench.place / "audit", public, name="calea-lab/records").ok
    copy = bench.place / "copy"
    shutil.copytree(bench.place / "audit", copy)
    path = copy / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b"the trial", b"the party"))
    assert not verify_audit(copy, public, name="calea-lab/records").ok


@pytest.mark.rule("R-171")
def test_record_management_has_no_way_to_the_collector() -> None:
    """It opens no connection: no module of it has a client of any kind."""
    place = Path(law.__file__).parent
    for path in place.glob("*.py"):
        text = path.read_text("utf-8")
        for word in ("ClientSession", "http.client", "urllib.request", "open_connection", "StoreReader", "CaseLibrary"):
            assert word not in text, f"{path.name} has {word}"


def test_attack_fields_from_outside_have_bounds() -> None:
    for name, value in (("by", 5), ("need", "x" * 5000), ("by", ["a"])):
        with pytest.raises(RefusedError):
            Asked({name: value}).text(name)
    for value in ("5", 1.5, True):
        with pytest.raises(RefusedError):
            Asked({"n": value}).number("n")


def test_every_task_has_a_role_and_only_roles_that_have_accounts() -> None:
    assert set(law.ROLES) == set(Task) and all(law.ROLES.values())
    assert not {Role.PROS, Role.OAG, Role.DEF, Role.PUB, Role.TARU} & set().union(*law.ROLES.values())
    assert Reason.ACCESS_DENIED_ROLE in law.may(Task.READ, Who("x", None), "need").reasons
