"""The proxy on real sockets: what its peers see of each fault of a connection, and who may command it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from asn1.ps_pdu import PsHeader, cc_pdu
from lab.faults import of_run
from lab.faults.config import FaultsConfig
from lab.faults.service import Proxy, monotonic_us
from lab.paths import RunPaths
from mediation.runtime.config import Listen, NotReadyError, TlsConfig
from mediation.runtime.status import start_status
from mediation.runtime.tls import client_context, make_lab_ca, server_context

PATIENCE_S = 5.0
WORD = "a word of the lab, long enough"


def record(number: int) -> bytes:
    header = PsHeader(liid=b"LAB-1", operator_id=b"SIMOP", cin=7, sequence_number=number, time_us=1)
    return cc_pdu(header, ("iPMMCC", {"iPMMCCObjId": "5.5.17.2", "mMCCContents": b"x" * 30}), "fromTarget")


class Far:
    """The end that listens: keeps what comes, and says a word to each connection."""

    def __init__(self) -> None:
        self.octets = bytearray()
        self.connections = 0
        self.ended = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        with contextlib.suppress(OSError):
            writer.write(b"hello")
            while octets := await reader.read(65_536):
                self.octets += octets
        self.ended.set()
        writer.close()


class World:
    """A far end, the proxy in front of it, and a way to be the near end."""

    def __init__(self, far: Far, proxy: Proxy, ports: dict[str, int], tls: ssl.SSLContext | None) -> None:
        self.far = far
        self.proxy = proxy
        self.ports = ports
        self.tls = tls

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.ports["hi2"], ssl=self.tls)

    async def add(self, kind: str, **more: Any) -> str:
        made = await self.proxy.add({"by": "test", "fault": {"kind": kind, "link": "hi2", **more}})
        return str(made["id"])


def files(directory: Path, name: str, ca: Path) -> TlsConfig:
    return TlsConfig(certificate=directory / f"{name}.pem", key=directory / f"{name}.key", ca=ca / "ca.pem")


@contextlib.asynccontextmanager
async def world(directory: Path, tls: bool = False) -> AsyncIterator[World]:
    paths = RunPaths(directory)
    make_lab_ca(paths.ca, ("collector", "mediation"), time.time_ns() // 1000)
    of_run.prepare(paths)
    paths.faults_word.write_text(WORD)
    ours = files(paths.ca, "collector", paths.ca)
    theirs = files(paths.ca, "mediation", paths.ca)
    far = Far()
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0, ssl=server_context(ours) if tls else None)
    port = server.sockets[0].getsockname()[1]
    listen = {"tls": ours.model_dump()} if tls else {}
    config = FaultsConfig.model_validate({
        "data_dir": directory / "faults",
        "word_file": paths.faults_word,
        "wrong": of_run._files(of_run._other_ca(directory), of_run.WRONG),
        "expired": of_run._files(paths.ca, of_run.EXPIRED),
        "links": [
            {"name": "hi2", "tls": "terminated" if tls else "none", "listen": listen,
             "to": {"port": port, **({"tls": theirs.model_dump()} if tls else {})}},
        ],
    })  # fmt: skip
    proxy = Proxy(config, monotonic_us)
    ports = await proxy.start()
    ticking = asyncio.create_task(proxy.tick())
    try:
        yield World(far, proxy, ports, client_context(theirs) if tls else None)
    finally:
        ticking.cancel()
        await proxy.stop()
        for writer in far.writers:
            writer.close()
        server.close()


def run(test: Callable[[World], Awaitable[None]], directory: Path, tls: bool = False) -> None:
    async def whole() -> None:
        async with world(directory, tls) as made, asyncio.timeout(4 * PATIENCE_S):
            await test(made)

    asyncio.run(whole())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.005)


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the connection ends, in either way."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while await reader.read(65_536):
                pass
    except ConnectionError:
        return True
    return True


@pytest.mark.parametrize("tls", [False, True])
def test_octets_go_both_ways_and_an_end_is_an_end(tmp_path: Path, tls: bool) -> None:
    async def test(w: World) -> None:
        reader, writer = await w.connect()
        assert await reader.readexactly(5) == b"hello"
        writer.write(record(1) + record(2)[:10])
        await until(lambda: bytes(w.far.octets) == record(1))
        writer.close()
        await w.far.ended.wait()
        assert bytes(w.far.octets) == record(1) + record(2)[:10]

    run(test, tmp_path, tls)


def test_a_cut_link_is_reset_and_refused_until_it_is_restored(tmp_path: Path) -> None:
    async def test(w: World) -> None:
        reader, _ = await w.connect()
        await reader.readexactly(5)
        name = await w.add("cut")
        assert await ended(reader)
        again, _ = await w.connect()
        assert await ended(again) and w.far.connections == 1
        await w.proxy.clear({"id": name})
        third, _ = await w.connect()
        assert await third.readexactly(5) == b"hello"

    run(test, tmp_path)


def test_a_cut_ends_by_itself(tmp_path: Path) -> None:
    async def test(w: World) -> None:
        await w.add("cut", seconds=0.05)
        await until(lambda: not w.proxy.board.standing)
        reader, _ = await w.connect()
        assert await reader.readexactly(5) == b"hello"

    run(test, tmp_path)


def test_the_near_end_of_a_half_open_link_is_not_told(tmp_path: Path) -> None:
    async def test(w: World) -> None:
        reader, writer = await w.connect()
        await reader.readexactly(5)
        name = await w.add("half_open")
        await w.far.ended.wait()
        writer.write(record(1) * 100)
        await writer.drain()
        other, _ = await w.connect()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(reader.read(1))), 0.1)
        assert not w.far.octets and w.far.connections == 1
        await w.proxy.clear({"id": name})
        assert await ended(other)

    run(test, tmp_path)


def test_records_are_taken_on_the_way_up(tmp_path: Path) -> None:
    async def test(w: World) -> None:
        await w.add("loss", count=1, skip=1)
        _, writer = await w.connect()
        writer.write(b"".join(record(number) for number in range(4)))
        await until(lambda: bytes(w.far.octets) == record(0) + record(2) + record(3))

    run(test, tmp_path)


def test_a_late_link_is_late_and_complete(tmp_path: Path) -> None:
    async def test(w: World) -> None:
        await w.add("delay", milliseconds=120)
        _, writer = await w.connect()
        began_us = monotonic_us()
        writer.write(record(0))
        await until(lambda: bytes(w.far.octets) == record(0))
        assert monotonic_us() - began_us >= 120_000

    run(test, tmp_path)


def test_a_slow_reader_takes_no_more_than_it_said(tmp_path: Path) -> None:
    async def test(w: World) -> None:
        await w.add("slow_reader", octets_per_s=2_000)
        _, writer = await w.connect()
        writer.write(record(0) * 3)
        began_us = monotonic_us()
        await until(lambda: bytes(w.far.octets) == record(0) * 3)
        # A hundred octets a turn; the first turn comes at once.
        assert monotonic_us() - began_us >= (3 * len(record(0)) // 100 - 1) * 50_000

    run(test, tmp_path)


@pytest.mark.parametrize(("kind", "says"), [("wrong_certificate", "unable to get"), ("expired_certificate", "expired")])
def test_who_connects_sees_the_certificate_of_a_fault(tmp_path: Path, kind: str, says: str) -> None:
    async def test(w: World) -> None:
        name = await w.add(kind)
        with pytest.raises(ssl.SSLCertVerificationError, match=says):
            await w.connect()
        await w.proxy.clear({"id": name})
        reader, _ = await w.connect()
        assert await reader.readexactly(5) == b"hello"

    run(test, tmp_path, tls=True)


@pytest.mark.parametrize("kind", ["wrong_certificate", "expired_certificate"])
def test_who_listens_sees_the_certificate_of_a_fault(tmp_path: Path, kind: str) -> None:
    async def test(w: World) -> None:
        await w.add(kind, toward="server")
        reader, _ = await w.connect()
        assert await ended(reader) and not w.far.connections

    run(test, tmp_path, tls=True)


def test_datagrams_go_on_and_are_lost_as_asked(tmp_path: Path) -> None:
    async def whole() -> None:
        (tmp_path / "word").write_text(WORD)
        with socket.socket(type=socket.SOCK_DGRAM) as far, socket.socket(type=socket.SOCK_DGRAM) as near:
            far.bind(("127.0.0.1", 0))
            far.setblocking(False)
            link = {"name": "ccc", "transport": "udp", "framing": "none", "listen": {},
                    "to": {"port": far.getsockname()[1]}}  # fmt: skip
            proxy = Proxy(
                FaultsConfig.model_validate({"data_dir": tmp_path, "word_file": tmp_path / "word", "links": [link]}),
                monotonic_us,
            )
            ports = await proxy.start()
            await proxy.add({"fault": {"kind": "loss", "link": "ccc", "skip": 1, "count": 1}})
            for octets in (b"one", b"two", b"three"):
                near.sendto(octets, ("127.0.0.1", ports["ccc"]))
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(PATIENCE_S):
                assert [await loop.sock_recv(far, 100) for _ in range(2)] == [b"one", b"three"]
            await proxy.stop()

    asyncio.run(whole())


def test_attack_nobody_commands_the_proxy_without_its_word(tmp_path: Path) -> None:
    async def test(w: World) -> None:
        runner, port = await start_status(Listen(), w.proxy.status, w.proxy.routes())
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
                body = {"fault": {"kind": "cut", "link": "hi2"}}
                for word in (None, "Bearer ", "Bearer wrong", f"Basic {WORD}", f"Bearer {WORD[:-1]}"):
                    headers = {} if word is None else {"Authorization": word}
                    for method, path in (("GET", "/faults"), ("POST", "/faults/add"), ("POST", "/faults/clear")):
                        async with session.request(method, path, json=body, headers=headers) as answer:
                            assert answer.status == 401
                assert not w.proxy.board.standing
                right = {"Authorization": f"Bearer {WORD}"}
                for wrong in ([], {"fault": {"kind": "cut"}}, {"fault": 7}, {}):
                    async with session.post("/faults/add", json=wrong, headers=right) as answer:
                        assert answer.status == 400 and "error" in await answer.json()
                async with session.post("/faults/add", json=body, headers=right) as answer:
                    assert answer.status == 200 and (await answer.json())["id"] == "F1"
                async with session.get("/status") as answer:
                    assert WORD not in await answer.text() and answer.status == 200
        finally:
            await runner.cleanup()

    run(test, tmp_path)


def test_attack_a_link_holds_no_more_connections_than_it_may(tmp_path: Path) -> None:
    async def test(w: World) -> None:
        w.proxy._lines["hi2"]._most = 2  # type: ignore[attr-defined]
        kept = [await w.connect() for _ in range(2)]
        for reader, _ in kept:
            assert await reader.readexactly(5) == b"hello"
        extra, _ = await w.connect()
        assert await ended(extra) and w.far.connections == 2

    run(test, tmp_path)


def test_a_busy_port_is_said(tmp_path: Path) -> None:
    async def whole() -> None:
        (tmp_path / "word").write_text(WORD)
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            link = {"name": "hi2", "listen": {"port": busy.getsockname()[1]}, "to": {"port": 9}}
            config = {"data_dir": tmp_path, "word_file": tmp_path / "word", "links": [link]}
            with pytest.raises(NotReadyError, match="Cannot listen"):
                await Proxy(FaultsConfig.model_validate(config), monotonic_us).start()

    asyncio.run(whole())


@pytest.mark.parametrize(
    "change",
    [
        {"links": []},
        {"links": [{"name": "a", "listen": {}, "to": {"port": 1}}] * 2},
        {"links": [{"name": "control", "listen": {}, "to": {"port": 1}}]},
        {"links": [{"name": "a", "listen": {"host": "0.0.0.0"}, "to": {"port": 1}}]},
        {"links": [{"name": "a", "listen": {}, "to": {"port": 1, "host": "192.0.2.1"}}]},
        {"links": [{"name": "a", "tls": "terminated", "listen": {}, "to": {"port": 1}}]},
        {"links": [{"name": "a", "transport": "udp", "tls": "through", "listen": {}, "to": {"port": 1}}]},
    ],
)
def test_attack_a_configuration_that_opens_more_than_it_says_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    whole = {"data_dir": tmp_path, "word_file": tmp_path / "word", **change}
    with pytest.raises(ValueError, match=r"link|name|loopback|closed|at least|TLS|network"):
        FaultsConfig.model_validate(whole)
