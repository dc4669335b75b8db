"""The agency's inbox: what the court signed gets in, everything else is put aside with a reason, the others go on."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.hi1 import build_message
from collector import registry as registry_module
from collector.registry import Registry
from lab.papers import lab_papers
from mediation.law.admission import admit
from mediation.law.documents import (
    MAX_DOCUMENT_OCTETS,
    DocumentAction,
    approved,
    extended,
    make_document,
    released,
    revoked,
    terminated,
)
from mediation.law.fields import order_from_fields
from mediation.law.hi1_envelope import seal_envelope
from mediation.law.hi1_orders import OrderMessage, message_of
from mediation.law.orders import CourtOrder, Exigency, Liid, Service, Target, TargetKind, Window
from mediation.law.papers import Papers
from mediation.law.settings import LawSettings

COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
DAY = 86_400_000_000
START = 1_750_000_000_000_000


def document(one: CourtOrder, action: DocumentAction = DocumentAction.ISSUE, at: int | None = None) -> bytes:
    """A complete document of the court."""
    return make_document(one, COURT, action, at, lab_papers(one))


def signed(one: CourtOrder, action: DocumentAction, at: int, papers: Papers | None = None) -> bytes:
    """Under the court's genuine key, whatever the law says."""
    said = OrderMessage(one, action, at, lab_papers(one) if papers is None else papers)
    return seal_envelope(build_message(message_of(said)), COURT)


def order(order_id: str = "O-1", liid: str = "LAB-1", **more: Any) -> CourtOrder:
    fields = {
        "order_id": order_id, "kind": "PRTT", "liid": liid, "targets": ["12125550101"], "start": START,
        "end": START + 10 * DAY,
    }  # fmt: skip
    return order_from_fields(fields | more)


class Inbox:
    """A directory with a registry on it and what the registry reported."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reports: list[tuple[str, dict[str, Any]]] = []
        self.registry = self.fresh()

    def fresh(self) -> Registry:
        return Registry(self.path, COURT.public_key(), lambda kind, fields: self.reports.append((kind, fields)))

    def put(self, name: str, octets: bytes) -> Path:
        (self.path / name).write_bytes(octets)
        return self.path / name

    def refused(self) -> dict[str, str]:
        return {fields["document"]: str(fields["why"]) for kind, fields in self.reports if kind == "order_refused"}

    def entered(self) -> list[tuple[str, int]]:
        return [(fields["order"], fields["version"]) for kind, fields in self.reports if kind == "order_entered"]


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def test_an_empty_inbox_knows_no_order(inbox: Inbox) -> None:
    assert not inbox.registry.reload() and inbox.registry.orders_for("LAB-1") == () == inbox.registry.current()


def test_a_signed_document_becomes_an_order_of_its_liid(inbox: Inbox) -> None:
    inbox.put("a.json", document(order()))
    assert inbox.registry.reload() and not inbox.registry.reload(), "nothing new the second time"
    assert inbox.registry.orders_for("LAB-1") == (order(),) == inbox.registry.current()
    assert inbox.registry.orders_for("LAB-2") == () and inbox.registry.version("O-1", 1) == order()
    assert inbox.entered() == [("O-1", 1)] and (inbox.path / "a.json").exists()


def test_a_registry_without_a_listener_works_the_same(inbox: Inbox) -> None:
    inbox.put("a.json", document(order()))
    inbox.put("b.json", b"{}")
    quiet = Registry(inbox.path, COURT.public_key())
    assert quiet.reload() and quiet.current() == (order(),)


def _enveloped(**changes: Any) -> bytes:
    envelope = json.loads(document(order("O-2"))) | changes
    return json.dumps(envelope, indent=1, sort_keys=True).encode() + b"\n"


def _altered(old: bytes, new: bytes) -> bytes:
    xml = base64.b64decode(json.loads(document(order("O-2")))["hi1"])
    assert old in xml
    return _enveloped(hi1=base64.b64encode(xml.replace(old, new)).decode())


BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"\x30\x82\x01", "no signed envelope"),
    "empty": (b"", "no signed envelope"),
    "JSON that is no document": (b"[1]", "no signed envelope"),
    "deeply nested": (b"[" * 50_000, "no signed envelope"),
    "not UTF-8": (b'{"hi1": "\xff"}', "no signed envelope"),
    "oversized": (b" " * MAX_DOCUMENT_OCTETS + document(order("O-2")), "more than"),
    "signature that is no base64": (_enveloped(signature="!"), "no signed envelope"),
    "empty signature": (_enveloped(signature=""), "not signed by the court"),
    "signed by a stranger": (make_document(order("O-2"), STRANGER), "not signed by the court"),
    "another liid than was signed": (_altered(b">LAB-1<", b">LAB-9<"), "not signed by the court"),
    "a kind that was not signed": (_altered(b">PRTT<", b">EAVESDROPPING<"), "not signed by the court"),
    "something beside the document": (_enveloped(extra=1), "not spelled"),
    "XML that is no order": (seal_envelope(b"<a/>", COURT), "HI1Message was expected"),
    "without papers": (make_document(order("O-2"), COURT), "DOC_MISSING:complaint_number"),
}


@pytest.mark.parametrize("name", BAD)
def test_attack_a_document_is_refused_with_a_reason_and_the_others_go_on(inbox: Inbox, name: str) -> None:
    octets, why = BAD[name]
    inbox.put("a.json", document(order()))
    inbox.put("b.json", octets)
    inbox.put("c.json", document(order("O-3", "LAB-3")))
    assert inbox.registry.reload()
    assert [one.order_id for one in inbox.registry.current()] == ["O-1", "O-3"]
    assert list(inbox.refused()) == ["b.json"] and why in inbox.refused()["b.json"]
    assert (inbox.path / "refused" / "b.json").read_bytes() == octets and not (inbox.path / "b.json").exists()
    assert not inbox.registry.reload() and len(inbox.refused()) == 1


def test_other_courts_key_refused_for_a_known_order(inbox: Inbox) -> None:
    inbox.put("a.json", document(order()))
    inbox.registry.reload()
    inbox.put("b.json", make_document(order(version=2, location_authorised=True), STRANGER))
    assert not inbox.registry.reload() and inbox.registry.orders_for("LAB-1") == (order(),)


def test_replayed_older_version_never_judges(inbox: Inbox) -> None:
    """The older document is genuine: it goes on record and changes nothing."""
    ended = revoked(order(), START + DAY)
    inbox.put("b.json", document(ended, DocumentAction.REVOKE))
    inbox.registry.reload()
    inbox.put("c.json", document(order()))
    inbox.registry.reload()
    inbox.put("d.json", document(order()))
    assert not inbox.registry.reload()
    assert inbox.registry.orders_for("LAB-1") == (ended,) == inbox.registry.current()
    assert inbox.registry.version("O-1", 1) == order() and inbox.registry.version("O-1", 2) == ended


def test_attack_a_second_document_of_the_same_version_that_says_otherwise_is_refused(inbox: Inbox) -> None:
    inbox.put("a.json", document(order()))
    inbox.put("b.json", document(replace(order(), location_authorised=True)))
    inbox.registry.reload()
    assert inbox.registry.current() == (order(),)
    assert inbox.refused() == {"b.json": "version 1 of O-1 is there already and says otherwise"}


def test_the_highest_version_judges_whatever_order_the_documents_come_in(inbox: Inbox) -> None:
    versions = [order()]
    for days in (30, 60):
        last = versions[-1]
        versions.append(extended(last, START + days * DAY, last.window.end_us - 1))
    for name, one in zip("cab", versions, strict=True):
        action = DocumentAction.EXTEND if one.extensions_us else DocumentAction.ISSUE
        granted = one.extensions_us[-1] - 1 if one.extensions_us else START
        inbox.put(f"{name}.json", document(one, action, granted))
    assert inbox.registry.reload() and inbox.registry.current() == (versions[2],)
    assert [inbox.registry.version("O-1", n) for n in (1, 2, 3, 4)] == [*versions, None]
    assert inbox.registry.version("O-9", 1) is None
    assert inbox.fresh().reload(), "a restart reads the same"


def test_a_version_that_moves_to_another_liid_leaves_the_old_one(inbox: Inbox) -> None:
    inbox.put("a.json", document(order()))
    inbox.registry.reload()
    inbox.put("b.json", document(order(liid="LAB-7", version=2)))
    assert inbox.registry.reload()
    assert inbox.registry.orders_for("LAB-1") == () and len(inbox.registry.orders_for("LAB-7")) == 1


def test_several_orders_of_one_liid_are_all_told(inbox: Inbox) -> None:
    """R-025."""
    for name in ("O-2", "O-1"):
        inbox.put(f"{name}.json", document(order(name)))
    inbox.registry.reload()
    assert [one.order_id for one in inbox.registry.orders_for("LAB-1")] == ["O-1", "O-2"]


def test_a_corrected_document_under_the_name_of_a_refused_one_gets_in(inbox: Inbox) -> None:
    inbox.put("a.json", b"{")
    assert not inbox.registry.reload()
    inbox.put("a.json", document(order()))
    assert inbox.registry.reload() and inbox.registry.current() == (order(),)


def test_what_cannot_be_read_is_reported_once_and_the_others_go_on(inbox: Inbox) -> None:
    (inbox.path / "a.json").mkdir()
    inbox.put("b.json", document(order()))
    assert inbox.registry.reload() and not inbox.registry.reload()
    assert "cannot be read" in inbox.refused()["a.json"] and len(inbox.reports) == 2


def test_a_refused_document_that_cannot_be_moved_stops_nothing_and_is_reported_once(inbox: Inbox) -> None:
    (inbox.path / "refused").write_bytes(b"a file where the directory should be")
    inbox.put("a.json", b"{")
    inbox.put("b.json", document(order()))
    assert inbox.registry.reload() and not inbox.registry.reload()
    assert "cannot be moved away" in inbox.refused()["a.json"] and len(inbox.reports) == 2
    assert inbox.registry.current() == (order(),)


def test_files_of_other_names_are_left_alone(inbox: Inbox) -> None:
    inbox.put("a.json.tmp", document(order()))
    inbox.put("note.txt", b"x")
    assert not inbox.registry.reload() and inbox.reports == []


# --- entry checks between versions and between orders -----------------------------------------------------------------

HOUR = 3_600_000_000
WARRANT_FIELDS: dict[str, Any] = {"kind": "EAVESDROPPING", "services": ["VOICE"]}
EXIGENT_FIELDS: dict[str, Any] = {"kind": "EXIGENT_EAV_STATE", "services": ["VOICE"], "activated_at": START}


def refusal_of(inbox: Inbox, *octets: bytes) -> str:
    """What is said of the last of these documents; the ones before it get in."""
    for number, one in enumerate(octets):
        inbox.put(f"{number}.json", one)
        inbox.registry.reload()
    *entered, (kind, fields) = inbox.reports
    assert all(kind == "order_entered" for kind, _ in entered) and len(inbox.reports) == len(octets)
    assert kind == "order_refused" and fields["why"] == "; ".join(fields["reasons"])
    return str(fields["why"])


def test_every_reason_is_told_at_once_with_the_order(inbox: Inbox) -> None:
    inbox.put("a.json", document(order()))
    other = order("O-2", agency="OTHER")
    papers = replace(lab_papers(other), complaint_number="", purpose="", queried="")
    inbox.put("b.json", signed(other, DocumentAction.ISSUE, START, papers))
    inbox.registry.reload()
    _, fields = inbox.reports[-1]
    codes = [reason.split(" ")[0] for reason in fields["reasons"]]
    assert codes == [
        "DOC_MISSING:complaint_number",
        "DOC_MISSING:queried",
        "PURPOSE_FORBIDDEN:purpose",
        "DOC_MISSING:liid",
    ]
    assert (fields["order"], fields["version"], fields["document"]) == ("O-2", 1, "b.json")


@pytest.mark.rule("R-026")
def test_attack_a_liid_of_another_agency_is_not_shared(inbox: Inbox) -> None:
    said = refusal_of(inbox, document(order()), document(order("O-2", agency="OTHER")))
    assert "R-026" in said and "LAB-LEA" not in said, "nothing is said of the other agency"
    assert [one.order_id for one in inbox.registry.orders_for("LAB-1")] == ["O-1"]


@pytest.mark.rule("R-015", "R-015.2")
def test_a_late_grant_that_states_the_old_end_as_its_start_is_refused(inbox: Inbox) -> None:
    """Old end ten o'clock, granted five past: a start at ten is refused, one at five past is a new period."""
    first = order(**WARRANT_FIELDS)
    end = first.window.end_us
    granted = end + 5 * 60_000_000
    backdated = replace(first, version=2, window=Window(end, end + DAY))
    assert "R-015" in refusal_of(inbox, document(first), document(backdated, at=granted))
    longer = extended(first, end + DAY, end - 1)
    inbox.put("c.json", signed(longer, DocumentAction.EXTEND, granted))
    assert not inbox.registry.reload() and "R-015" in inbox.refused()["c.json"]


@pytest.mark.rule("R-015", "R-015.1")
def test_a_late_grant_leaves_a_gap_that_nothing_covers(inbox: Inbox) -> None:
    first = order(**WARRANT_FIELDS)
    end = first.window.end_us
    granted = end + 5 * 60_000_000
    following = replace(first, version=2, window=Window(granted, granted + DAY))
    inbox.put("a.json", document(first))
    inbox.put("b.json", document(following, at=granted))
    assert inbox.registry.reload() and inbox.registry.current() == (following,)
    stamp = end + 2 * 60_000_000
    versions = [inbox.registry.version("O-1", number) for number in (1, 2)]
    assert not any(one is not None and one.effective_window.contains(stamp) for one in versions)


@pytest.mark.rule("R-042", "R-042.1")
def test_attack_a_late_approval_reopens_nothing(inbox: Inbox) -> None:
    """A state order issued 25 hours after the first use is no version of the lapsed one; as an order of its own it
    covers only from its own start."""
    first = order(**EXIGENT_FIELDS)
    issued = START + 25 * HOUR
    late = replace(first, version=2, exigent=Exigency(START, order_issued_at_us=issued))
    assert "R-042" in refusal_of(inbox, document(first), signed(late, DocumentAction.APPROVE, issued))
    assert inbox.registry.current() == (first,) and first.effective_window.end_us == START + 24 * HOUR
    own_start = replace(late, window=Window(issued, issued + 10 * HOUR))
    inbox.put("c.json", document(own_start, DocumentAction.APPROVE, issued))
    inbox.registry.reload()
    assert "R-042" in inbox.refused()["c.json"], "also with a start of its own it is another order"
    inbox.put("d.json", document(replace(own_start, order_id="O-9", version=1), DocumentAction.ISSUE, issued))
    assert inbox.registry.reload()
    apart = inbox.registry.version("O-9", 1)
    assert apart is not None and apart.effective_window.start_us == issued


def test_an_approval_in_time_keeps_the_order_open(inbox: Inbox) -> None:
    first, at = order(kind="EXIGENT_PRTT", activated_at=START), START + 48 * HOUR
    inbox.put("a.json", document(first))
    inbox.put("b.json", document(approved(first, at), DocumentAction.APPROVE, at))
    assert inbox.registry.reload() and inbox.refused() == {}
    assert inbox.registry.current()[0].effective_window == first.window


@pytest.mark.rule("R-019")
def test_attack_a_later_version_that_forgets_the_revocation_is_refused(inbox: Inbox) -> None:
    ended = revoked(order(), START + DAY)
    alive = replace(order(), version=3)
    said = refusal_of(inbox, document(order()), document(ended, DocumentAction.REVOKE), document(alive))
    assert "R-019" in said and "R-027" in said
    assert inbox.registry.current() == (ended,)


def _changed(**changes: Any) -> CourtOrder:
    return replace(order(), version=2, **changes)


@pytest.mark.parametrize(
    ("second", "action", "rule"),
    [
        (_changed(window=Window(START, START + 11 * DAY)), DocumentAction.ISSUE, "R-014"),
        (_changed(window=Window(START - 1, START + 10 * DAY)), DocumentAction.ISSUE, "R-015"),
        (replace(order(**WARRANT_FIELDS), version=2), DocumentAction.ISSUE, "R-018"),
        (_changed(agency="OTHER"), DocumentAction.ISSUE, "R-026"),
        (_changed(extensions_us=(START + DAY,)), DocumentAction.ISSUE, "R-014"),
        (replace(extended(order(), START + 20 * DAY, START), liid="LAB-2"), DocumentAction.EXTEND, "R-011"),
        (
            _changed(extensions_us=(START + 9 * DAY,), window=Window(START, START + 20 * DAY)),
            DocumentAction.EXTEND,
            "R-014",
        ),
    ],
)
def test_attack_a_version_that_takes_more_than_an_act_of_its_kind_may(
    inbox: Inbox, second: CourtOrder, action: DocumentAction, rule: str
) -> None:
    assert rule in refusal_of(inbox, document(order()), document(second, action, START))


def test_attack_a_termination_is_not_undone(inbox: Inbox) -> None:
    first = order(**WARRANT_FIELDS)
    ended = terminated(first, START + DAY)
    later = replace(ended, version=3, objective_attained_at_us=START + 2 * DAY)
    said = refusal_of(
        inbox, document(first), document(ended, DocumentAction.TERMINATE), document(later, DocumentAction.TERMINATE)
    )
    assert "R-009" in said


def test_an_amendment_may_narrow_an_order(inbox: Inbox) -> None:
    inbox.put("a.json", document(order(location_authorised=True)))
    inbox.put("b.json", document(_changed(window=Window(START + 1, START + DAY))))
    assert inbox.registry.reload() and inbox.refused() == {}
    assert not inbox.registry.current()[0].location_authorised


def test_order_with_swapped_papers_refused(inbox: Inbox) -> None:
    """The same version again with the papers of another order, under the court's own key."""
    papers = lab_papers(order(targets=["12125550199"]))
    said = refusal_of(inbox, document(order()), signed(order(), DocumentAction.ISSUE, START, papers))
    assert "says otherwise" in said
    assert inbox.registry.papers("O-1") == lab_papers(order())
    inbox.put("c.json", signed(order("O-2"), DocumentAction.ISSUE, START, papers))
    assert not inbox.registry.reload() and "DOC_MISSING:queried (R-050)" in inbox.refused()["c.json"]


def test_what_the_court_signed_is_told_for_explanations(inbox: Inbox) -> None:
    ended = revoked(order(), START + DAY)
    inbox.put("a.json", document(order()))
    inbox.put("b.json", make_document(ended, COURT, DocumentAction.REVOKE, START + DAY))
    inbox.registry.reload()
    found = inbox.registry.document("O-1", 2)
    assert found is not None and (found.action, found.issued_at_us) == (DocumentAction.REVOKE, START + DAY)
    assert inbox.registry.papers("O-1") == lab_papers(order()), "of the newest version that came with some"
    assert inbox.registry.document("O-1", 3) is None and inbox.registry.papers("O-9") is None


def test_a_release_is_told_with_its_key(inbox: Inbox) -> None:
    one = released(order())
    inbox.put("a.json", document(order()))
    inbox.put("b.json", make_document(one, COURT, DocumentAction.RELEASE, START, lab_papers(one), bytes(32)))
    assert inbox.registry.reload()
    (found,) = inbox.registry.releases()
    assert (found.order.order_id, found.data_key) == ("O-1", bytes(32))


def test_ten_versions_are_read_again_in_their_order(inbox: Inbox) -> None:
    """By name `v10` comes before `v2`."""
    last = order(**WARRANT_FIELDS)
    inbox.put("O-1.v1.json", document(last))
    for _ in range(11):
        granted = last.window.end_us - 1
        last = extended(last, last.window.end_us + DAY, granted)
        inbox.put(f"O-1.v{last.version}.json", document(last, DocumentAction.EXTEND, granted))
    assert inbox.registry.reload() and inbox.refused() == {}
    assert inbox.registry.current() == (last,) and last.version == 12


def test_settings_decide_whether_an_emergency_order_may_follow(inbox: Inbox) -> None:
    first = order(**EXIGENT_FIELDS)
    octets = signed(first, DocumentAction.ISSUE, START, replace(lab_papers(first), order_paper=None))
    inbox.put("a.json", octets)
    assert inbox.registry.reload()
    strict = Registry(inbox.path, COURT.public_key(), law=LawSettings(order_may_follow=False))
    assert not strict.reload() and strict.current() == ()


def test_who_only_reads_leaves_what_is_refused_where_it_is(inbox: Inbox) -> None:
    inbox.put("a.json", b"{}")
    told: list[str] = []
    reader = Registry(inbox.path, COURT.public_key(), lambda kind, fields: told.append(kind), reads_only=True)
    assert not reader.reload() and not reader.reload()
    assert told == ["order_refused"] and (inbox.path / "a.json").exists()


def bare(one: CourtOrder, action: DocumentAction, at: int) -> bytes:
    """Under the court's genuine key, without any papers."""
    return seal_envelope(build_message(message_of(OrderMessage(one, action, at, None))), COURT)


@pytest.mark.rule("R-028", "R-050")
def test_attack_an_end_that_comes_first_brings_no_order_in_without_papers(inbox: Inbox) -> None:
    ended = replace(order(), version=2, revoked_at_us=order().window.end_us - 1)
    inbox.put("v2.json", bare(ended, DocumentAction.REVOKE, START))
    inbox.registry.reload()
    assert inbox.entered() == [("O-1", 2)]
    assert inbox.registry.orders_for("LAB-1") == inbox.registry.current() == ()
    inbox.put("v1.json", document(order()))
    inbox.registry.reload()
    assert inbox.registry.orders_for("LAB-1") == (ended,)


@pytest.mark.rule("R-028")
@pytest.mark.parametrize(
    "more",
    [
        {"services": frozenset(Service)},
        {"targets": (Target(TargetKind.E164, "12125550101"), Target(TargetKind.E164, "12125550177"))},
        {"location_authorised": True},
        {"pctdd_authorised": True},
        {"liid": Liid("LAB-9")},
        {"facilities": frozenset({"F4"})},
    ],
    ids=lambda more: next(iter(more)),
)
def test_attack_an_end_without_papers_widens_nothing(inbox: Inbox, more: dict[str, Any]) -> None:
    wider = replace(order(), version=2, revoked_at_us=order().window.end_us - 1, **more)
    said = refusal_of(inbox, document(order()), bare(wider, DocumentAction.REVOKE, START + DAY))
    assert "changes nothing but when the order ends" in said
    assert inbox.registry.current() == (order(),)


@pytest.mark.rule("R-015")
def test_attack_an_extension_that_comes_before_its_order_is_held_against_it_all_the_same(inbox: Inbox) -> None:
    late = replace(order(), version=2, window=Window(START, START + 40 * DAY), extensions_us=(START + 15 * DAY,))
    inbox.put("v2.json", signed(late, DocumentAction.EXTEND, START + 14 * DAY))
    inbox.registry.reload()
    inbox.put("v1.json", document(order()))
    assert inbox.registry.reload()
    assert "R-015" in inbox.refused()["v2.json"]
    assert inbox.registry.current() == (order(),) and inbox.registry.version("O-1", 2) is None


def three_versions() -> list[bytes]:
    """An order and its two extensions, each applied for and granted in time."""
    first = order()
    second = extended(first, START + 40 * DAY, START + 5 * DAY)
    third = extended(second, START + 70 * DAY, START + 35 * DAY)
    signed_at = (START - DAY, START + 5 * DAY, START + 35 * DAY)
    acts = (DocumentAction.ISSUE, DocumentAction.EXTEND, DocumentAction.EXTEND)
    return [document(*one) for one in zip((first, second, third), acts, signed_at, strict=True)]


@pytest.mark.rule("R-014")
@pytest.mark.parametrize("sequence", list(permutations(range(3))), ids=str)
def test_the_order_in_which_extensions_come_makes_no_difference(inbox: Inbox, sequence: tuple[int, ...]) -> None:
    documents = three_versions()
    for number in sequence:
        inbox.put(f"{number}.json", documents[number])
        inbox.registry.reload()
    (newest,) = inbox.registry.current()
    assert newest.version == 3 and newest.window == Window(START, START + 70 * DAY) and not inbox.refused()
    again = inbox.fresh()
    again.reload()
    assert again.current() == (newest,)


@pytest.mark.rule("R-012", "R-015")
@pytest.mark.parametrize("sequence", [(0, 1), (1, 0)])
def test_attack_a_late_extension_reopens_nothing_by_leaving_a_version_out(
    inbox: Inbox, sequence: tuple[int, int]
) -> None:
    first = order()
    late = replace(first, version=3, window=Window(START, START + 40 * DAY), extensions_us=(START + 10 * DAY,))
    at = START + 14 * DAY
    late = replace(late, extensions_us=(START + 15 * DAY,))
    octets = [document(first), signed(late, DocumentAction.EXTEND, at)]
    for number in sequence:
        inbox.put(f"{number}.json", octets[number])
        inbox.registry.reload()
    (newest,) = inbox.registry.current()
    assert newest.version == 1 and not newest.effective_window.contains(START + 12 * DAY)
    waiting = [fields for kind, fields in inbox.reports if kind == "order_waiting"]
    assert {one["version"] for one in waiting} == {3} and "R-015" in str(waiting[-1]["why"])
    end = revoked(first, START + 2 * DAY)
    inbox.put("end.json", signed(replace(end, version=5), DocumentAction.REVOKE, START + 2 * DAY))
    inbox.registry.reload()
    assert inbox.registry.current()[0].effective_window.end_us == START + 2 * DAY, "an end binds whatever is missing"


def test_an_inbox_at_rest_is_not_listed_again_and_what_comes_is_seen_all_the_same(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = 0
    glob = Path.glob

    def counted(self: Path, pattern: str) -> Any:
        nonlocal listed
        listed += 1
        return glob(self, pattern)

    monkeypatch.setattr(Path, "glob", counted)
    inbox.put("one.json", document(order()))
    assert inbox.registry.reload()
    for _ in range(50):
        assert not inbox.registry.reload()
    assert listed == 1 + registry_module.LOOKS_MORE
    for number in range(2, 6):
        inbox.put(f"{number}.json", document(order(f"O-{number}", f"LAB-{number}")))
        assert inbox.registry.reload() and inbox.registry.orders_for(f"LAB-{number}")
    # A stamp that has not moved, as within the grain of a file system's clock, is not believed at once.
    stamp = inbox.path.stat()
    inbox.put("late.json", document(order("O-9", "LAB-9")))
    os.utime(inbox.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert inbox.registry.reload() and inbox.registry.orders_for("LAB-9")


def test_an_order_is_held_against_those_that_could_keep_it_out_and_no_others(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand orders are let in one by one: what each is held against must not grow with them."""
    asked: list[int] = []

    def counted(known: Any, new: CourtOrder, law: LawSettings) -> None:
        known = list(known)
        asked.append(len(known))
        admit(known, new, law)

    monkeypatch.setattr(registry_module, "admit", counted)
    for number in range(20):
        inbox.put(f"{number}.json", document(order(f"O-{number}", f"LAB-{number}")))
    assert inbox.registry.reload() and asked == [0] * 20
    inbox.put("again.json", document(replace(order("O-3", "LAB-3"), version=2)))
    inbox.put("taken.json", document(replace(order("O-77", "LAB-5"), agency="OTHER AGENCY")))
    inbox.registry.reload()
    assert sorted(asked[20:]) == [1, 1]
    assert "R-026" in inbox.refused()["taken.json"]
