"""What people do in record management, one method a deed: decided, put on record, done, in this order.

Rules. Every attempt is an entry of the ledger with who, which case, the decision and the rules behind it, and is
durable before anybody is answered; a refusal changes nothing. What is decided is `law`'s to say. Nothing is edited and
nothing is deleted: access ends, a case is closed, a package stays as it came.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from asn1.errors import RefusedError
from collector.store.audit_log import AuditLog
from lab.agency.records import law
from lab.agency.records.database import Database, Row
from lab.agency.records.law import Task, Who
from lab.agency.records.packages import checked
from lab.agency.records.tables import (
    ACCESS,
    AGREEMENTS,
    CASES,
    DISCLOSURES,
    INCIDENTS,
    ITEMS,
    PACKAGES,
    REQUESTS,
)
from mediation.law.access_facts import Answer, Failures
from mediation.law.actors import Role
from mediation.law.disclosure import (
    Disclosure,
    DisclosureGround,
    DisclosureRecord,
    Disposition,
    Form,
    Outcome,
    Recipient,
    Source,
    quarterly_summary,
)
from mediation.law.duties import Act, DutyKind, alarms, duty, state_of
from mediation.law.orders import Window
from mediation.law.rules import RULES
from mediation.law.verdicts import Reason


class Done(NamedTuple):
    """An answer with its rules, and what came of it."""

    answer: Answer
    made: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        pairs = zip(self.answer.reasons, self.answer.rules, strict=True) if not self.answer.allowed else ()
        against = [{"code": one.name, "rule": rule, "says": RULES[rule].statement} for one, rule in pairs]
        return {"allowed": self.answer.allowed, **self.made, "against": against}


class Office:
    """`place` holds packages, items and what was shared; `collector_keys` are those that packages prove
    themselves under, one a collector; `now_us` the run's clock."""

    def __init__(
        self,
        name: str,
        place: Path,
        database: Database,
        audit: AuditLog,
        schedule: Mapping[str, int],
        collector_keys: Sequence[bytes],
        now_us: Callable[[], int],
    ) -> None:
        self.name = name
        self.place = place
        self.database = database
        self._audit = audit
        self._schedule = schedule
        self.collector_keys = tuple(collector_keys)
        self.now_us = now_us

    def who(self, user_id: str) -> Who:
        role = self.database.role(user_id)
        return Who(user_id, None if role is None else Role(role))

    def put(self, kind: str, fields: Mapping[str, Any]) -> None:
        """On record, durably."""
        self._audit.append(kind, dict(fields), self.now_us())
        self._audit.flush()

    def _decided(self, act: str, by: str, case_id: str, answer: Answer, **more: object) -> bool:
        self.put(
            "decision",
            {
                "act": act,
                "by": by,
                "role": self.database.role(by),
                "case_id": case_id,
                "decision": "ALLOWED" if answer.allowed else "DENIED",
                "reasons": [one.name for one in answer.reasons],
                "rule_ids": list(answer.rules),
                **more,
            },
        )
        return answer.allowed

    def _given(self, user_id: str, case_id: str) -> bool:
        return case_id in self.database.open_to(user_id)

    def _there(self, case_id: str) -> bool:
        return self.database.one(CASES, case_id=case_id) is not None

    # Cases and what is in them

    def open_case(self, case_id: str, by: str, investigator: str, need: str) -> None:
        """Material of a case has come, for somebody who keeps it (R-130)."""
        now_us = self.now_us()
        if self.database.one(CASES, case_id=case_id) is None:
            self.database.put(CASES, {"case_id": case_id, "opened_us": now_us})
        if investigator and self.database.one(ACCESS, case_id=case_id, user_id=investigator) is None:
            row = {"case_id": case_id, "user_id": investigator, "given_by": by, "need": need, "given_us": now_us}
            self.database.put(ACCESS, row)
            self.put("access_given", row)

    def give(self, by: str, user_id: str, case_id: str, need: str) -> Done:
        """R-173, SD-1."""
        answer = law.may_give(self.who(by), self.who(user_id), need)
        if not self._there(case_id):
            answer = law.joined(answer, Answer(False, (Reason.CASE_UNKNOWN,), ("R-073",)))
        if self._decided(Task.GIVE, by, case_id, answer, to=user_id, need=need):
            self.open_case(case_id, by, user_id, need)
        return Done(answer, {"case_id": case_id, "user_id": user_id} if answer.allowed else {})

    def read(self, by: str, case_id: str, need: str) -> Done:
        """A case with everything in it."""
        answer = law.may(Task.READ, self.who(by), need, self._given(by, case_id))
        if not self._decided(Task.READ, by, case_id, answer, need=need):
            return Done(answer, {})
        standing = self.database.standing(case_id)
        assert standing is not None, "access is given to cases that are there"
        return Done(
            answer,
            {
                "case_id": case_id,
                "packages": self.database.all(PACKAGES, case_id=case_id),
                "items": self.database.all(ITEMS, case_id=case_id),
                "disclosures": self.database.all(DISCLOSURES, case_id=case_id),
                "classification": standing.disposition.classification,
                "outcome": None if standing.disposition.outcome is None else str(standing.disposition.outcome),
                "appeal_pending": standing.disposition.appeal_pending,
                "closed_us": standing.closed_us,
                "keep_until_us": law.keep_until_us(standing, self._schedule),
            },
        )

    def search(self, by: str, need: str, asked: Row) -> Done:
        """By case, number, person, time and kind, in the cases that are open to who asks."""
        answer = law.may(Task.SEARCH, self.who(by), need)
        terms = {name: value for name, value in asked.items() if value not in (None, "")}
        if not self._decided(Task.SEARCH, by, str(asked.get("case_id", "")), answer, need=need, terms=terms):
            return Done(answer, {})
        return Done(answer, {"rows": self.database.search(self.database.open_to(by), asked)})

    def verify(self, by: str, package_id: str, need: str) -> Done:
        """A package against its own proofs, as it lies here now; the collector is not asked (R-171)."""
        row = self.database.one(PACKAGES, package_id=package_id)
        case_id = "" if row is None else row["case_id"]
        answer = law.may(Task.READ, self.who(by), need, row is not None and self._given(by, case_id))
        if not self._decided("verify a package", by, case_id, answer, package_id=package_id, need=need):
            return Done(answer, {})
        report = checked(self.place / "packages" / package_id, self.collector_keys)
        made = {"package_id": package_id, "holds": not report.faults, "said": report.said, "faults": report.faults[:10]}
        self.put("verified", made)
        return Done(answer, made)

    # How a case ends

    def dispose(self, by: str, case_id: str, outcome: str, classification: str, appeal_pending: bool) -> Done:
        """How a case ended. An appeal that comes later opens a closed case again."""
        answer = law.may(Task.DISPOSE, self.who(by), "the disposition of the case", self._there(case_id))
        failures = Failures()
        known = not outcome or outcome in Outcome.__members__
        failures.need(known and classification in ("", *self._schedule), Reason.DOC_MISSING, "R-145")
        answer = law.joined(answer, failures.answer())
        said = {"outcome": outcome, "classification": classification, "appeal_pending": appeal_pending}
        if self._decided(Task.DISPOSE, by, case_id, answer, **said):
            values = {**said, "outcome": outcome or None, **({"closed_us": None} if appeal_pending else {})}
            self.database.set(CASES, {"case_id": case_id}, values)
        return Done(answer, {"case_id": case_id, **said} if answer.allowed else {})

    def close(self, by: str, case_id: str) -> Done:
        """R-145: only behind its final disposition, and never while an appeal is pending."""
        standing = self.database.standing(case_id) or law.Standing(Disposition(None, ""))
        who = law.may(Task.DISPOSE, self.who(by), "closing the case", self._there(case_id))
        answer = law.joined(who, law.may_end(standing))
        if not self._decided("close a case", by, case_id, answer):
            return Done(answer, {})
        closed_us = standing.closed_us if standing.closed_us is not None else self.now_us()
        self.database.set(CASES, {"case_id": case_id}, {"closed_us": closed_us})
        until = law.keep_until_us(standing._replace(closed_us=closed_us), self._schedule)
        return Done(answer, {"case_id": case_id, "closed_us": closed_us, "keep_until_us": until})

    # What goes out

    def share(self, by: str, case_id: str, asked: Mapping[str, Any]) -> Done:
        """Disclosure of a case's material, all of it to the prosecutor, named pieces of it to anybody else."""
        request = _disclosure(asked, self._reviewer(asked))
        packages, items = (self.database.all(one, case_id=case_id) for one in (PACKAGES, ITEMS))
        chosen = [str(one) for one in asked.get("what", ())]
        named = [("package", row["package_id"]) for row in packages] + [("item", row["item_id"]) for row in items]
        wanted = [one for one in named if not chosen or one[1] in chosen]
        agreement = self.database.one(AGREEMENTS, agency=request.requester.strip()) is not None
        answer = law.may_share(
            self.who(by), request, any(kind == "package" for kind, _ in wanted) or not wanted, agreement
        )
        failures = Failures()
        theirs = self._there(case_id) and set(chosen) <= {one[1] for one in named}
        failures.need(theirs, Reason.CASE_UNKNOWN, "R-073")
        whole = request.recipient is Recipient.PROSECUTOR or bool(chosen)
        failures.need(whole, Reason.NEED_TO_KNOW_MISSING, "R-150")
        answer = law.joined(answer, failures.answer())
        disclosure_id = f"D-{uuid.uuid4().hex[:12]}"
        ground = None if request.ground is None else str(request.ground)
        self._decided(
            "disclose", by, case_id, answer, disclosure_id=disclosure_id, recipient=str(request.recipient),
            requester=request.requester, purpose=request.purpose, ground=ground, what=[one[1] for one in wanted],
            discovery=asked.get("discovery") is True,
        )  # fmt: skip
        self.database.put(
            DISCLOSURES,
            {
                "disclosure_id": disclosure_id, "case_id": case_id, "recipient": str(request.recipient),
                "ground": ground, "allowed": answer.allowed, "at_us": self.now_us(),
                "harm_likely": asked.get("harm_likely") is True,
            },
        )  # fmt: skip
        if answer.allowed:
            self._copied(disclosure_id, wanted)
        made = {"disclosure_id": disclosure_id}
        return Done(answer, {**made, "directory": f"shared/{disclosure_id}"} if answer.allowed else made)

    def _copied(self, disclosure_id: str, wanted: list[tuple[str, str]]) -> None:
        """A copy that goes away: a package proves itself wherever it lies."""
        target = self.place / "shared" / disclosure_id
        target.mkdir(parents=True)
        for kind, name in wanted:
            if kind == "package":
                shutil.copytree(self.place / "packages" / name, target / name)
            else:
                shutil.copy2(self.place / "items" / name, target / f"{name}.bin")

    def _reviewer(self, asked: Mapping[str, Any]) -> str:
        """R-158: who reviewed the public's request and found that it may be released; nobody otherwise."""
        row = self.database.one(REQUESTS, request_id=str(asked.get("request_id", "")))
        return str(row["reviewed_by"]) if row is not None and row["release"] is True else ""

    def agree(self, by: str, agency: str, reference: str) -> Done:
        """A written agreement with another agency is on file."""
        answer = law.may(Task.AGREE, self.who(by), reference)
        decided = self._decided(Task.AGREE, by, "", answer, agency=agency, reference=reference)
        if decided and self.database.one(AGREEMENTS, agency=agency) is None:
            row = {"agency": agency, "reference": reference, "filed_by": by, "filed_us": self.now_us()}
            self.database.put(AGREEMENTS, row)
        return Done(answer, {"agency": agency} if answer.allowed else {})

    # The public's requests

    def requested(self, case_id: str, requester: str, asks: str) -> Done:
        """A request of the public has come; it waits for a person."""
        request_id = f"F-{uuid.uuid4().hex[:12]}"
        row = {"request_id": request_id, "case_id": case_id, "requester": requester, "asks": asks}
        self.database.put(REQUESTS, {**row, "received_us": self.now_us()})
        self.put("public_request", row)
        return Done(Answer(True), {"request_id": request_id})

    def review(self, by: str, request_id: str, release: bool, why: str) -> Done:
        """What the review came to. It releases nothing: that is a disclosure, by somebody."""
        row = self.database.one(REQUESTS, request_id=request_id)
        answer = law.may(Task.REVIEW, self.who(by), why, row is not None and row["reviewed_by"] is None)
        case_id = "" if row is None else row["case_id"]
        if self._decided(Task.REVIEW, by, case_id, answer, request_id=request_id, release=release, why=why):
            values = {"reviewed_by": by, "release": release, "why": why}
            self.database.set(REQUESTS, {"request_id": request_id}, values)
        return Done(answer, {"request_id": request_id, "release": release} if answer.allowed else {})

    # What went wrong

    def incident(self, by: str, case_id: str, says: str, aware_us: int | None) -> Done:
        """Somebody became aware of an improper disclosure: the 24 hours run from then."""
        answer = law.may(Task.NOTICE, self.who(by), says)
        now_us = self.now_us()
        aware_us = now_us if aware_us is None else aware_us
        incident_id = f"I-{uuid.uuid4().hex[:12]}"
        if not self._decided(Task.NOTICE, by, case_id, answer, incident_id=incident_id, says=says, aware_us=aware_us):
            return Done(answer, {})
        if aware_us > now_us:
            raise RefusedError("Nobody is aware of what is still to come: say when it became known.")
        due = duty(DutyKind.IMPROPER_DISCLOSURE, incident_id, aware_us)
        row = {"incident_id": incident_id, "case_id": case_id, "says": says, "aware_us": aware_us}
        self.database.put(INCIDENTS, row)
        return Done(answer, {"incident_id": incident_id, "due_us": due.due_us})

    def report(self, by: str, incident_id: str, reference: str) -> Done:
        """The privacy officer reports it to the city's."""
        row = self.database.one(INCIDENTS, incident_id=incident_id)
        answer = law.may(Task.REPORT, self.who(by), reference, row is not None and row["reported_us"] is None)
        case_id = "" if row is None else row["case_id"]
        if not self._decided(Task.REPORT, by, case_id, answer, incident_id=incident_id, reference=reference):
            return Done(answer, {})
        assert row is not None, "it was looked for"
        now_us = self.now_us()
        self.database.set(INCIDENTS, {"incident_id": incident_id}, {"reported_us": now_us, "reference": reference})
        due = duty(DutyKind.IMPROPER_DISCLOSURE, incident_id, row["aware_us"])
        state = state_of(due, [Act(due.kind, incident_id, now_us)], now_us)
        if state is not state.MET:
            self.put(
                "duty_alarm", {"duty": due.kind.name, "subject": incident_id, "rule": due.rule, "state": str(state)}
            )
        return Done(answer, {"incident_id": incident_id, "state": str(state)})

    def overdue(self) -> list[str]:
        """Incidents that nobody has reported in time, each said once on the ledger by who calls this first."""
        open_ = [one for one in self.database.all(INCIDENTS) if one["reported_us"] is None]
        due = [duty(DutyKind.IMPROPER_DISCLOSURE, one["incident_id"], one["aware_us"]) for one in open_]
        return [one.duty.subject for one in alarms(due, (), self.now_us())]

    def told(self, by: str, disclosure_id: str) -> Done:
        """R-155: those affected were told in writing."""
        row = self.database.one(DISCLOSURES, disclosure_id=disclosure_id)
        answer = law.may(Task.REPORT, self.who(by), "telling those affected", row is not None)
        case_id = "" if row is None else row["case_id"]
        if self._decided("tell those affected", by, case_id, answer, disclosure_id=disclosure_id):
            self.database.set(DISCLOSURES, {"disclosure_id": disclosure_id}, {"told_us": self.now_us()})
        return Done(answer, {"disclosure_id": disclosure_id} if answer.allowed else {})

    def summary(self, by: str, quarter: Window) -> Done:
        """R-155: a quarter in numbers; nobody is named."""
        answer = law.may(Task.SUMMARY, self.who(by), "the quarterly summary")
        if not self._decided(Task.SUMMARY, by, "", answer, from_us=quarter.start_us, until_us=quarter.end_us):
            return Done(answer, {})
        records = [
            DisclosureRecord(
                row["at_us"], Recipient(row["recipient"]),
                None if row["ground"] is None else DisclosureGround(row["ground"]), row["allowed"],
                harm_likely=row["harm_likely"], told_at_us=row["told_us"],
            )
            for row in self.database.all(DISCLOSURES)
        ]  # fmt: skip
        return Done(answer, {"counts": quarterly_summary(records, quarter)})


def _disclosure(asked: Mapping[str, Any], reviewed_by: str) -> Disclosure:
    """Raises RefusedError for a recipient, form or ground that is none."""
    try:
        recipient, form = Recipient(str(asked.get("recipient", ""))), Form(str(asked.get("form", Form.PACKAGE)))
        number = int(asked.get("ground") or 0)
        ground = tuple(DisclosureGround)[number - 1] if number else None
    except (ValueError, IndexError, TypeError) as error:
        raise RefusedError(
            f"A disclosure names a recipient ({', '.join(Recipient)}) and a ground from 1 to 7, or 0 for none."
        ) from error

    def text(name: str) -> str:
        return str(asked.get(name, ""))

    return Disclosure(
        recipient, text("requester"), text("purpose"), text("details"), asked.get("identity_confirmed") is True,
        asked.get("affiliation_confirmed") is True, asked.get("has_jurisdiction") is True, form,
        Source.CASE_MANAGEMENT, ground, text("approval_id"), text("city_approval_id"), text("routine_id"),
        text("crime_reference"), text("welfare_reference"), text("court_order_id"), reviewed_by,
    )  # fmt: skip
