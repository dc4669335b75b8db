"""The agency's inbox: what the court signed gets in, everything else is put aside with a reason, the others go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.registry import Registry
from mediation.law.documents import MAX_DOCUMENT_OCTETS, DocumentAction, extended, make_document, revoked
from mediation.law.fields import order_from_fields
from mediation.law.orders import CourtOrder

COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
DAY = 86_400_000_000
START = 1_750_000_000_000_000


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
    inbox.put("a.json", make_document(order(), COURT))
    assert inbox.registry.reload() and not inbox.registry.reload(), "nothing new the second time"
    assert inbox.registry.orders_for("LAB-1") == (order(),) == inbox.registry.current()
    assert inbox.registry.orders_for("LAB-2") == () and inbox.registry.version("O-1", 1) == order()
    assert inbox.entered() == [("O-1", 1)] and (inbox.path / "a.json").exists()


def test_a_registry_without_a_listener_works_the_same(inbox: Inbox) -> None:
    inbox.put("a.json", make_document(order(), COURT))
    inbox.put("b.json", b"{}")
    quiet = Registry(inbox.path, COURT.public_key())
    assert quiet.reload() and quiet.current() == (order(),)


def _altered(change: Callable[[dict[str, Any]], None]) -> bytes:
    envelope = json.loads(make_document(order("O-2"), COURT))
    change(envelope)
    return json.dumps(envelope).encode()


BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"\x30\x82\x01", "JSON"),
    "empty": (b"", "JSON"),
    "JSON that is no document": (b"[1]", "nothing else"),
    "deeply nested": (b"[" * 50_000, "JSON"),
    "not UTF-8": (b'{"document": "\xff"}', "JSON"),
    "oversized": (b" " * MAX_DOCUMENT_OCTETS + make_document(order("O-2"), COURT), "at most"),
    "unsigned": (_altered(lambda envelope: envelope.pop("signature")), "not signed"),
    "signature that is no base64": (_altered(lambda envelope: envelope.update(signature="!")), "base64"),
    "empty signature": (_altered(lambda envelope: envelope.update(signature="")), "not signed by the court"),
    "signed by a stranger": (make_document(order("O-2"), STRANGER), "not signed by the court"),
    "another liid than was signed": (
        _altered(lambda envelope: envelope["document"].update(liid="LAB-9")),
        "not signed by the court",
    ),
    "a longer window than was signed": (
        _altered(lambda envelope: envelope["document"].update(end=START + 20 * DAY)),
        "not signed by the court",
    ),
    "a kind that was not signed": (
        _altered(lambda envelope: envelope["document"].update(kind="EAVESDROPPING")),
        "not signed by the court",
    ),
    "something beside the document": (_altered(lambda envelope: envelope.update(extra=1)), "nothing else"),
    "a lone surrogate": (
        _altered(lambda envelope: envelope["document"].update(agency="\ud800")),
        "not signed by the court",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_attack_a_document_is_refused_with_a_reason_and_the_others_go_on(inbox: Inbox, name: str) -> None:
    octets, why = BAD[name]
    inbox.put("a.json", make_document(order(), COURT))
    inbox.put("b.json", octets)
    inbox.put("c.json", make_document(order("O-3", "LAB-3"), COURT))
    assert inbox.registry.reload()
    assert [one.order_id for one in inbox.registry.current()] == ["O-1", "O-3"]
    assert list(inbox.refused()) == ["b.json"] and why in inbox.refused()["b.json"]
    assert (inbox.path / "refused" / "b.json").read_bytes() == octets and not (inbox.path / "b.json").exists()
    assert not inbox.registry.reload() and len(inbox.refused()) == 1


def test_attack_an_unsigned_order_of_a_known_one_does_not_take_its_place(inbox: Inbox) -> None:
    inbox.put("a.json", make_document(order(), COURT))
    inbox.registry.reload()
    inbox.put("b.json", make_document(order(version=2, location_authorised=True), STRANGER))
    assert not inbox.registry.reload() and inbox.registry.orders_for("LAB-1") == (order(),)


def test_attack_an_older_version_played_again_does_not_bring_back_a_revoked_order(inbox: Inbox) -> None:
    """The older document is genuine: it goes on record and changes nothing."""
    ended = revoked(order(), START + DAY)
    inbox.put("b.json", make_document(ended, COURT, DocumentAction.REVOKE))
    inbox.registry.reload()
    inbox.put("c.json", make_document(order(), COURT))
    inbox.registry.reload()
    inbox.put("d.json", make_document(order(), COURT))
    assert not inbox.registry.reload()
    assert inbox.registry.orders_for("LAB-1") == (ended,) == inbox.registry.current()
    assert inbox.registry.version("O-1", 1) == order() and inbox.registry.version("O-1", 2) == ended


def test_attack_a_second_document_of_the_same_version_that_says_otherwise_is_refused(inbox: Inbox) -> None:
    inbox.put("a.json", make_document(order(), COURT))
    inbox.put("b.json", make_document(replace(order(), location_authorised=True), COURT))
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
        inbox.put(f"{name}.json", make_document(one, COURT, action))
    assert inbox.registry.reload() and inbox.registry.current() == (versions[2],)
    assert [inbox.registry.version("O-1", n) for n in (1, 2, 3, 4)] == [*versions, None]
    assert inbox.registry.version("O-9", 1) is None
    assert inbox.fresh().reload(), "a restart reads the same"


def test_a_version_that_moves_to_another_liid_leaves_the_old_one(inbox: Inbox) -> None:
    inbox.put("a.json", make_document(order(), COURT))
    inbox.registry.reload()
    inbox.put("b.json", make_document(order(liid="LAB-7", version=2), COURT))
    assert inbox.registry.reload()
    assert inbox.registry.orders_for("LAB-1") == () and len(inbox.registry.orders_for("LAB-7")) == 1


def test_several_orders_of_one_liid_are_all_told(inbox: Inbox) -> None:
    """R-025."""
    for name in ("O-2", "O-1"):
        inbox.put(f"{name}.json", make_document(order(name), COURT))
    inbox.registry.reload()
    assert [one.order_id for one in inbox.registry.orders_for("LAB-1")] == ["O-1", "O-2"]


def test_a_corrected_document_under_the_name_of_a_refused_one_gets_in(inbox: Inbox) -> None:
    inbox.put("a.json", b"{")
    assert not inbox.registry.reload()
    inbox.put("a.json", make_document(order(), COURT))
    assert inbox.registry.reload() and inbox.registry.current() == (order(),)


def test_what_cannot_be_read_is_reported_once_and_the_others_go_on(inbox: Inbox) -> None:
    (inbox.path / "a.json").mkdir()
    inbox.put("b.json", make_document(order(), COURT))
    assert inbox.registry.reload() and not inbox.registry.reload()
    assert "cannot be read" in inbox.refused()["a.json"] and len(inbox.reports) == 2


def test_a_refused_document_that_cannot_be_moved_stops_nothing_and_is_reported_once(inbox: Inbox) -> None:
    (inbox.path / "refused").write_bytes(b"a file where the directory should be")
    inbox.put("a.json", b"{")
    inbox.put("b.json", make_document(order(), COURT))
    assert inbox.registry.reload() and not inbox.registry.reload()
    assert "cannot be moved away" in inbox.refused()["a.json"] and len(inbox.reports) == 2
    assert inbox.registry.current() == (order(),)


def test_files_of_other_names_are_left_alone(inbox: Inbox) -> None:
    inbox.put("a.json.tmp", make_document(order(), COURT))
    inbox.put("note.txt", b"x")
    assert not inbox.registry.reload() and inbox.reports == []
