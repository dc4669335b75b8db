"""A whole collector behind a signer: it takes calls, its copies and bundles are signed, its key is changed, and it has
no private key at any time."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from collector.export.bundle_check import check_bundle
from collector.store.audit_log import read_audit
from collector.store.private_files import read_public_key
from lab.cli_ca import public_root, rollover
from lab.cli_export import evidence
from lab.cli_verify import check_store, find_store
from lab.paths import RunPaths
from lab.play import Play
from lab.processes import wait_for
from lab.stack import Plan, Stack
from mediation.runtime.clock import ClockSpec

CALL = {"kind": "call", "at_s": 0.1, "caller": "+12125550101", "callee": "+12125550142", "seconds": 2}
ORDER = {
    "order_id": "O-1", "liid": "LAB-EAV-1", "kind": "EAVESDROPPING", "targets": ["+12125550101"], "services": ["VOICE"],
    "days": 30,
}  # fmt: skip


def test_a_collector_behind_a_signer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    data, bundle = tmp_path / "var", tmp_path / "bundle"
    paths = RunPaths(data)
    now_us = time.time_ns() // 1000
    plan = Plan(clock=ClockSpec(now_us, now_us, 4.0), carrier={"traffic": [CALL], "start": "hold"}, signer=True)
    play = Play(Stack(data), plan)
    try:
        play.open()
        play.send_orders([ORDER | {"start": now_us - 60_000_000}])
        play.run(play.start_us())
        first = play.last.judged("accepted")
        play.stack.end("collector")
        # The root's owner gives its public half to the signer's operator; the rest is asked for over the socket.
        public_root(data=data, out=paths.signer / "root.pub")
        rollover(data=data)
        play.stack.launch(["collector"])
        play.stack.post("carrier_sim", "/inject", [CALL])

        def heard() -> bool:
            play._look("a second call")
            return play.last.judged("accepted") >= 2 * first and play.idle()

        assert first > 100 and wait_for(heard, 20)
        status = play.stack.status("signer")
        assert status["refused"] == 0 and status["epoch"] == 2
        evidence("O-1", by="tester", data=data, out=bundle)
    finally:
        play.close()
    place = find_store(data)
    report = check_store(place)
    assert report.ok and report.records > first, report.tampered
    identity = read_public_key(place.keys / "signing.pub").public_bytes_raw()
    assert check_bundle(bundle, identity).ok
    recorded = [one["kind"] for one in read_audit(paths.signer / "audit")]
    assert recorded == ["root", "epoch", "epoch", "manifest"]
    private = [path for path in data.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert not [path for path in private if paths.data / "collector" in path.parents]
    shutil.rmtree(data / "collector" / "store")
    assert check_bundle(bundle, identity).ok
