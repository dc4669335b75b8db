"""A load over a socket: every octet arrives, by the schedule where there is one; what cannot be sent is a sentence."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from asn1.x2x3 import Framer
from carrier_sim.load import __main__ as command
from carrier_sim.load.profile import Profile, record_streams, x3_streams
from carrier_sim.load.sender import Load, pour


class Sink:
    """Takes what comes; `said` are the octets."""

    def __init__(self, close_after: int = 1 << 62) -> None:
        self.said, self._close_after = bytearray(), close_after
        self.done = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while octets := await reader.read(1 << 16):
            self.said += octets
            if len(self.said) >= self._close_after:
                break
        writer.close()
        self.done.set()


@pytest.fixture
async def sink() -> Any:
    made = Sink()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    yield made, server.sockets[0].getsockname()[1]
    server.close()


async def test_every_record_of_a_flat_out_load_arrives(sink: Any) -> None:
    made, port = sink
    profile = Profile(streams=30, liids=10, sizes=(60, 200))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    poured = await pour(x3_streams(profile), Load(5_000, 456, 1_750_000_000_000_000), reader, writer, lambda: 0.0)
    writer.close()
    await made.done.wait()
    out = bytearray(5_000 * 456)
    end = x3_streams(profile).fill(out, 0, 5_000, 1_750_000_000_000_000, 20)
    assert (poured.records, poured.octets, poured.late) == (5_000, end, 0)
    assert made.said == out[:end]


async def test_a_schedule_says_what_is_due_and_what_is_late(sink: Any) -> None:
    made, port = sink
    clock = iter([0.0, 0.0, *(step * 0.01 for step in range(1, 8)), *[60.0] * 100])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    load = Load(4_000, 400, 1_750_000_000_000_000, rate_per_s=1_000.0)
    poured = await pour(record_streams(Profile()), load, reader, writer, lambda: next(clock))
    # The clock jumps: nearly all are due at once, and all but the last two pieces are late.
    assert poured.records == 4_000 and 4_000 - 70 - 3 * load.piece_records <= poured.late < 4_000
    writer.close()
    await made.done.wait()


async def test_a_receiver_that_goes_is_told(sink: Any) -> None:
    made, port = sink
    made._close_after = 1
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises(OSError):
        await pour(x3_streams(Profile()), Load(1 << 24, 456, 0), reader, writer, lambda: 0.0)
    writer.close()


async def test_the_command_sends_for_the_tasks_it_is_told(sink: Any, tmp_path: Path) -> None:
    made, port = sink
    tasks = [str(uuid.UUID(int=number)) for number in (7, 8)]
    (tmp_path / "xids").write_text("\n".join(tasks))
    arguments = ["--to", f"127.0.0.1:{port}", "--xids", str(tmp_path / "xids"), "--records", "100", "--streams", "4"]
    said = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "carrier_sim.load", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said.returncode == 0, said.stderr
    answer = json.loads(said.stdout)
    assert answer["simulation"] and answer["records"] == 100
    await made.done.wait()
    pdus = Framer().feed(bytes(made.said))
    assert {one.xid_text for one in pdus} == set(tasks) and {one.correlation_id for one in pdus} == {1, 2}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--to", "198.51.100.1:9"], 2, "closed network"),
        (["--to", "127.0.0.1:no"], 2, "invalid literal"),
        (["--to", "127.0.0.1:9", "--octets", "10"], 2, "40 to 65535"),
        (["--to", "127.0.0.1:1", "--records", "1"], 3, "Start the receiver first"),
    ],
)
def test_what_cannot_be_sent_is_one_sentence(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(arguments) == code
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1
