"""Entries of the two logs, made for tests of oversight."""

from __future__ import annotations

from typing import Any

from collector.console.model.audit import COLLECTOR, DESK, AuditBook

T = 1_700_000_000_000_000
S = 1_000_000


def access(
    seq: int, user: str = "rivera", action: str = "read_content", allowed: bool = True, **more: Any
) -> dict[str, Any]:
    fields = {
        "utc_time": T + seq * S, "actor_id": user, "actor_role": "INV", "facility": "F1",
        "device_class": "CALEA_STATION", "case_id": "C-1", "order_id": "O-1",
        "action": action, "object_type": "record", "object_id": "7",
        "decision": "ALLOWED" if allowed else "DENIED", "reason_codes": [], "rule_ids": [], "note": "",
    }  # fmt: skip
    return {"seq": seq, "utc_us": T + seq * S, "kind": "access", "fields": fields | more}


def entry(seq: int, kind: str, at_us: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"seq": seq, "utc_us": T + seq * S if at_us is None else at_us, "kind": kind, "fields": fields}


def book(desk: Any = (), collector: Any = ()) -> AuditBook:
    made = AuditBook()
    made.add(DESK, desk)
    made.add(COLLECTOR, collector)
    return made
