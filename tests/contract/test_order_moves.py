"""A move of an order that the table does not know is refused and stands in the audit log, as the legal ones do."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from collector.store.audit_log import AuditLog, read_audit, verify_audit
from collector.store.keys import Keys
from mediation.law.lifecycle import LIFE, OrderEvent, attempt
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Service,
    Target,
    TargetKind,
    Window,
)

NOW = 1_750_000_000_000_000


def order(state: OrderState) -> CourtOrder:
    return CourtOrder(
        OrderId("W-1"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(NOW, NOW + 1),
        (Target(TargetKind.E164, "12125550100"),), frozenset({Service.VOICE}), state=state,
    )  # fmt: skip


@pytest.mark.rule("R-027", "R-027.1")
def test_every_refused_move_is_audited_with_its_rule_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "q.pub").write_bytes(
        X25519PrivateKey.generate()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    keys = Keys.create(tmp_path / "keys", tmp_path / "q.pub")
    log = AuditLog(tmp_path / "audit", keys)
    moves = [attempt(order(state), event) for state, event in itertools.product(OrderState, OrderEvent)]
    for move in moves:
        log.append("order_refused" if move.to is None else "order_moved", dict(move.fields), NOW)
    log.close()
    assert verify_audit(tmp_path / "audit", keys.signing.public_key()).ok
    entries = read_audit(tmp_path / "audit")
    assert len(entries) == len(OrderState) * len(OrderEvent)
    for move, entry in zip(moves, entries, strict=True):
        legal = move.event in LIFE[move.order.state]
        assert entry["kind"] == ("order_moved" if legal else "order_refused")
        assert (entry["fields"]["from"], entry["fields"]["event"]) == (move.order.state, move.event)
        assert legal or (entry["fields"]["rule"] == "R-027" and move.moved == move.order and "possible" in move.refused)
        assert not legal or entry["fields"]["to"] == move.moved.state == LIFE[move.order.state][move.event]
