"""Cameras and handhelds: what they hold, where they may go, and that nobody at the collector answers them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asn1.errors import RefusedError, RemoteError
from lab.agency.devices.config import DevicesConfig, HeldConfig
from lab.agency.devices.going_out import reach
from lab.agency.devices.held import HeldDevices
from lab.agency.devices.memory import DeviceFullError, Memory
from lab.agency.devices.picture import picture
from mediation.runtime.config import NotReadyError, Peer

T = 1_780_000_000_000_000


class Records:
    """Record management as a device sees it."""

    def __init__(self) -> None:
        self.brought: list[tuple[bytes, dict[str, str]]] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.away = False

    async def bring(self, octets: bytes, said: Mapping[str, str]) -> str:
        if self.away:
            raise RemoteError("away")
        self.brought.append((octets, dict(said)))
        return f"item-{len(self.brought)}"

    async def search(self, user_id: str, password: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        self.asked.append((user_id, password, dict(asked)))
        return [{}]


@pytest.fixture
def records() -> Records:
    return Records()


def devices(kind: str, place: Path, records: Any, collector: Peer | None = None, octets: int = 6000) -> HeldDevices:
    clock: Any = SimpleNamespace(now_us=lambda: T)
    return HeldDevices(kind, (HeldConfig(name="X1", capacity_octets=octets),), place, clock, Memory, records, collector)


PICTURE = {"case": "C-1", "by": "rivera"}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("camera", marks=pytest.mark.rule("R-169")),
        pytest.param("handheld", marks=pytest.mark.rule("R-170")),
    ],
)
async def test_it_stops_when_it_is_full_until_it_was_read_out(kind: str, tmp_path: Path, records: Records) -> None:
    held = devices(kind, tmp_path, records)
    with pytest.raises(DeviceFullError, match="DEVICE_FULL"):
        await held.deeds()["take"]("X1", {**PICTURE, "pictures": 100})
    state = held.status()[0]
    assert state["full"] and 0 < state["used_octets"] <= 6000
    with pytest.raises(DeviceFullError):
        await held.deeds()["take"]("X1", PICTURE)
    records.away = True
    with pytest.raises(RemoteError):
        await held.deeds()["read-out"]("X1", {})
    assert held.status()[0]["items"] == state["items"]
    records.away = False
    done = await held.deeds()["read-out"]("X1", PICTURE)
    assert done["cleared"] == state["items"] == len(records.brought) and not held.status()[0]["full"]
    octets, said = records.brought[0]
    assert octets == picture(0) and said["kind"] == "image" and said["made_us"] == str(T) and said["case"] == "C-1"
    await held.deeds()["take"]("X1", PICTURE)


@pytest.mark.parametrize("asked", [{}, {**PICTURE, "pictures": 0}, {**PICTURE, "pictures": "many"}, {"case": "C-1"}])
async def test_a_picture_is_of_a_case_and_by_somebody(asked: dict[str, Any], tmp_path: Path, records: Records) -> None:
    with pytest.raises(RefusedError):
        await devices("camera", tmp_path, records).deeds()["take"]("X1", asked)


async def test_a_camera_has_no_network_of_its_own(tmp_path: Path, records: Records) -> None:
    held = devices("camera", tmp_path, records)
    assert set(held.deeds()) == {"take", "read-out", "reach"} and held.status()[0]["vpn"] is False
    with pytest.raises(RefusedError, match="no camera"):
        await held.deeds()["take"]("X2", PICTURE)
    with pytest.raises(NotReadyError):
        await devices("camera", tmp_path, None).deeds()["read-out"]("X1", {})


@pytest.mark.rule("R-170")
async def test_a_handheld_is_on_its_vpn_or_on_nothing(tmp_path: Path, records: Records) -> None:
    held = devices("handheld", tmp_path, records)
    deeds = held.deeds()
    with pytest.raises(RefusedError, match="hotspot"):
        await deeds["network"]("X1", {"to": "hotspot"})
    asked = {"by": "rivera", "password": "p", "need": "the trial", "case_id": "C-1"}
    assert (await deeds["look"]("X1", asked))["found"] == 1
    assert records.asked == [("rivera", "p", {"need": "the trial", "case_id": "C-1"})]
    await deeds["network"]("X1", {"to": "agency", "vpn": False})
    for deed in ("look", "read-out"):
        with pytest.raises(RefusedError, match="VPN"):
            await deeds[deed]("X1", asked)
    await deeds["network"]("X1", {"to": "agency"})
    await deeds["look"]("X1", asked)


@pytest.fixture
async def link() -> AsyncIterator[tuple[Peer, list[bytes], list[bytes]]]:
    """A link that takes what comes and answers what it is told to."""
    taken: list[bytes] = []
    answers: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(await reader.read(1 << 16))
        for one in answers:
            writer.write(one)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Peer(port=server.sockets[0].getsockname()[1]), taken, answers


@pytest.mark.rule("R-087")
@pytest.mark.parametrize("kind", ["camera", "handheld"])
async def test_attack_it_knocks_at_the_collector_and_is_not_answered(
    kind: str, tmp_path: Path, records: Records, link: tuple[Peer, list[bytes], list[bytes]]
) -> None:
    peer, taken, answers = link
    held = devices(kind, tmp_path, records, peer)
    assert (await held.deeds()["reach"]("X1", PICTURE))["answered"] is False
    await held.deeds()["take"]("X1", PICTURE)
    await held.deeds()["reach"]("X1", PICTURE)
    assert taken == [b"GET / HTTP/1.1\r\n\r\n", picture(0)]
    # A collector that did answer would be a finding.
    answers.append(b"welcome")
    with pytest.raises(RefusedError, match=r"R-169|R-170"):
        await held.deeds()["reach"]("X1", PICTURE)


async def test_where_nobody_listens_nobody_refused(kept_port: int) -> None:
    with pytest.raises(RemoteError, match="cannot be tried"):
        await reach(Peer(port=kept_port), b"x")


def test_a_picture_is_a_png_and_another_each_time() -> None:
    one = picture(0)
    assert one.startswith(b"\x89PNG") and one != picture(1) and one == picture(0)
    data = one[one.index(b"IDAT") + 4 :]
    assert len(zlib.decompressobj().decompress(data)) == 64 * 65


def test_devices_have_names_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name of its own"):
        DevicesConfig.model_validate({"data_dir": tmp_path, "recorders": [{"name": "D1"}], "cameras": [{"name": "D1"}]})


@pytest.mark.rule("R-172")
def test_attack_no_device_has_a_field_that_measures_a_body() -> None:
    """How somebody unlocks a handheld is not modelled, and a configuration that tries is refused."""
    for word in ("fingerprint", "face", "biometric"):
        with pytest.raises(ValueError, match="Extra inputs"):
            HeldConfig.model_validate({"name": "P1", word: "x"})
