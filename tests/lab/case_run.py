"""A finished run without processes: a court, a desk, a small store, and a clock that stands where a test puts it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asn1 import ps_pdu
from asn1.columns import KIND_CC
from asn1.ip import ipcc
from collector.batch import Batch, OrderRef
from collector.desk.ledger import read_desk
from collector.rows import Rows
from collector.store.audit_log import AuditLog
from collector.store.keys import Keys
from collector.store.store import Store, StoreConfig, StoreHooks
from lab.court import Court
from lab.paths import RunPaths
from mediation.law.court_days import add_court_days
from mediation.law.orders import CourtOrder, OrderId, order_uid
from mediation.law.verdicts import Reason, VerdictKind

Cli = Callable[..., Any]

HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
START = 1_772_409_600_000_000
"""2026-03-02T00:00:00Z."""
END = add_court_days(START, 20)
ORDER, CASE, LIID = "O-1", "C-1", "LAB-1"
VAULT = "court vault 3 (fictional)"
_IP = b"\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2\0\1\0\2\0\x08\0\0"


class Run:
    """`at` moves the clock; `do` runs a command and gives its exit code and its JSON."""

    def __init__(self, cli: Cli, data: Path) -> None:
        self.cli, self.data = cli, data
        data.mkdir(parents=True)
        self.at(START - HOUR_US)
        court = Court(RunPaths(data))
        court.make_keys()
        self._store = Filled(data / "collector", court)
        self.at(END)

    def order(self, **changes: Any) -> None:
        fields = {
            "order_id": ORDER,
            "kind": "EAVESDROPPING",
            "case_id": CASE,
            "liid": LIID,
            "start": START,
            "end": END,
            "targets": ["+12125550101"],
            "services": ["DATA"],
            "issued_at": START - HOUR_US,
        }
        Court(RunPaths(self.data)).issue(fields | changes)

    def at(self, now_us: int) -> None:
        clock = {"anchor_us": now_us, "base_us": now_us, "factor": 0.0}
        self.data.joinpath("run.json").write_text(json.dumps({"clock": clock, "processes": []}))
        self.now_us = now_us

    def put(self, count: int, octets: int = 100, order_id: str = ORDER, liid: str = LIID) -> None:
        self._store.put(count, octets, order_id, liid)

    def enter(self, *names: str) -> None:
        """Into a facility in the present tour, at a station."""
        for name in names:
            assert self.cli("desk", "enter", name, "--facility", "F1", "--data", self.data).code == 0

    def do(self, *words: object) -> tuple[int, dict[str, Any]]:
        outcome = self.cli("case", *words, "--data", self.data, "--json")
        assert outcome.out, outcome.err
        return outcome.code, json.loads(outcome.out)

    def rules(self, *words: object) -> list[str]:
        """The rules against a refused command."""
        code, said = self.do(*words)
        assert code == 1 and said["against"], said
        return [one["rule"] for one in said["against"]]

    def entries(self, kind: str) -> list[dict[str, Any]]:
        return [one["fields"] for one in read_desk(self.data / "desk")[1] if one["kind"] == kind]

    def all_entries(self) -> list[dict[str, Any]]:
        return read_desk(self.data / "desk")[1]

    @property
    def evicted(self) -> bool:
        return self._store.store.gauge().oldest > 0

    def versions(self) -> list[CourtOrder]:
        """What the court signed of the order, version by version."""
        return [one for one in Court(RunPaths(self.data)).orders() if one.order_id == ORDER]

    def seal(self) -> tuple[int, dict[str, Any]]:
        return self.do("seal", ORDER, "--by", "chen", "--custody", VAULT)

    def end(self) -> None:
        self._store.store.close()


class Filled:
    """A store filled by hand with packets of a data session."""

    def __init__(self, root: Path, court: Court) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.keys = Keys.create(root / "keys", court.quarantine_key_path.with_suffix(".pub"))
        log = AuditLog(root / "audit", self.keys)
        log.append("something", {}, START)
        log.close()
        config = StoreConfig(1 << 20, 256 * 1024)
        self.store = Store.open(root / "store", config, self.keys, StoreHooks(now_us=lambda: END))
        self.number = 0

    def put(self, count: int, octets: int, order_id: str, liid: str) -> None:
        records = []
        for _ in range(count):
            header = ps_pdu.PsHeader(
                liid=liid.encode(), authorization_country="US", delivery_country="US", operator_id=b"SIMOP",
                network_element_id=b"simmf-1", cin=3, sequence_number=self.number, time_us=START + 1,
                time_qualifier="timeOfInterception",
            )  # fmt: skip
            records.append(ps_pdu.cc_pdu(header, ipcc(_IP + bytes(octets)), "fromTarget"))
            self.number += 1
        rows, done, offset = Rows(count), threading.Event(), 0
        for number, record in enumerate(records, self.number - count):
            rows.append(
                buffer=0, offset=offset, length=len(record), order=0, verdict=VerdictKind.ACCEPT,
                reasons=1 << Reason.OK, received_us=START + 2, event_us=START + 1, liid=0, cin=3, number=number,
                epoch=0, kind=KIND_CC, content_tag=2, direction=0,
            )  # fmt: skip
            offset += len(record)
        view = memoryview(b"".join(records))
        reference = (OrderRef(order_uid(OrderId(order_id)), 1, order_id),)
        self.store.submit(
            Batch(rows, (view, memoryview(b"")), reference, lambda _: liid.encode(), b"{}", lambda _: done.set())
        )
        assert done.wait(10)
