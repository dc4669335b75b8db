"""Commands to a real collector: signed, one after the other, each on its record; a refusal comes back as a sentence."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from asn1.errors import RefusedError
from collector.console.commanding import CommandSender
from lab.stack import real_time
from mediation.runtime.clock import LineClock
from mediation.runtime.config import NotReadyError, Peer
from tests.collector.conftest import Lab


def entries(lab: Lab, kind: str) -> list[dict[str, Any]]:
    lines = (lab.data / "audit" / "audit.jsonl").read_text().splitlines()
    return [one["fields"] for one in map(json.loads, lines) if one["kind"] == kind]


def clock() -> LineClock:
    return LineClock(real_time())


async def test_a_command_is_taken_put_on_record_and_never_twice(lab: Lab) -> None:
    lab.court.issue("O-1", "LAB-0001")
    CommandSender(lab.root / "console", [], clock())
    running = await lab.start(command_public_key=str(lab.root / "console" / "signing.pub"))
    try:
        sender = CommandSender(lab.root / "console", [Peer(port=running.ports["control"])], clock())
        on = {"liid": "LAB-0001", "cin": 1, "on": True, "mode": "live-only"}
        said = await asyncio.gather(*(sender.give("minimise", "rivera", "INV", on) for _ in range(3)))
        assert len({one["time_us"] for one in said}) == 3, "each is later than the last"
        assert [one["by"] for one in entries(lab, "minimise")] == ["rivera"] * 3
        with pytest.raises(RefusedError, match="No order names"):
            await sender.give("minimise", "rivera", "INV", on | {"liid": "LAB-9"})
        with pytest.raises(RefusedError, match="supervisor"):
            await sender.give("standing", "rivera", "INV", {"liid": "LAB-0001", "cin": 1, "privileged": True})
            await sender.give("standing", "rivera", "INV", {"liid": "LAB-0001", "cin": 1, "privileged": False})
        assert (await sender.status())["simulation"] is True
    finally:
        await running.end()


async def test_attack_a_command_that_another_key_signed(lab: Lab) -> None:
    lab.court.issue("O-1", "LAB-0001")
    CommandSender(lab.root / "console", [], clock())
    running = await lab.start(command_public_key=str(lab.root / "console" / "signing.pub"))
    try:
        forger = CommandSender(lab.root / "forger", [Peer(port=running.ports["control"])], clock())
        with pytest.raises(RefusedError, match="not signed with the desk's key"):
            await forger.give("minimise", "rivera", "INV", {"liid": "LAB-0001", "on": True, "mode": "live-only"})
        assert entries(lab, "minimise") == [] and len(entries(lab, "command_refused")) == 1
    finally:
        await running.end()


async def test_a_collector_that_is_not_there_is_said(lab: Lab) -> None:
    with pytest.raises(NotReadyError, match="No collector is configured"):
        await CommandSender(lab.root / "console", [], clock()).give("minimise", "a", "INV", {})
    with pytest.raises(NotReadyError, match="does not answer"):
        await CommandSender(lab.root / "console", [Peer(port=1)], clock()).give("minimise", "a", "INV", {})
