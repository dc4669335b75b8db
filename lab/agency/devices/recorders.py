"""The recorders of a process and what can be done to them: install, give out, give back, record, deliver, clear.

A recorder that is full has recorded up to the last piece that fitted: the answer is then DEVICE_FULL, and what it holds
stays. Delivering sends everything to the collector, which judges it; clearing is a deed of its own, and before the
collector has all of it, it is refused to everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from asn1.errors import RefusedError
from asn1.recording import SAMPLE_US, SAMPLES_PER_S, decode_recording
from collector.store.private_files import own_signing_key
from lab.agency.devices.config import DevicesConfig
from lab.agency.devices.handing_over import hand_over
from lab.agency.devices.memory import Memory
from lab.agency.devices.recorder import MAX_SECONDS, Recorder
from mediation.law.orders import Window
from mediation.runtime.clock import Clock
from mediation.runtime.config import NotReadyError

CODE: Final = "PCMU"
_TONE: Final = bytes((0xFF, 0xB0, 0xA4, 0xB0, 0xFF, 0x30, 0x24, 0x30))
"""A thousand cycles a second in µ-law, one of them."""
Make = Callable[[str, Path, int], Memory]


class Recorders:
    def __init__(self, config: DevicesConfig, clock: Clock, memory: Make) -> None:
        self._clock = clock
        self._collector = config.collector
        self._delivered: dict[str, tuple[int, ...]] = {}
        self._all: dict[str, Recorder] = {}
        for one in config.recorders:
            place = config.data_dir / "recorders" / one.name
            key = own_signing_key(place / "keys", one.name)
            self._all[one.name] = Recorder(one.name, key, one.streaming, memory(one.name, place, one.capacity_octets))

    def status(self) -> list[dict[str, Any]]:
        return [
            {
                "name": one.name,
                "public_key": one.key.public_key().public_bytes_raw().hex(),
                "streaming": one.streaming,
                "out": None if one.deployment is None else str(one.deployment.basis),
                "used_octets": one.memory.used_octets,
                "capacity_octets": one.memory.capacity_octets,
                "full": one.memory.stopped,
                "pieces": len(one.memory.items),
            }
            for one in self._all.values()
        ]

    def deeds(self) -> dict[str, Callable[[str, Mapping[str, Any]], Any]]:
        return {
            "install": self._install,
            "give-out": self._give_out,
            "give-back": self._give_back,
            "record": self._record,
            "deliver": self._deliver,
            "clear": self._clear,
        }

    def find(self, name: str) -> Recorder:
        if name not in self._all:
            raise RefusedError(f"There is no recorder {name}.")
        return self._all[name]

    async def _install(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        start_us, end_us = asked.get("start_us"), asked.get("end_us")
        if not isinstance(start_us, int) or not isinstance(end_us, int) or not asked.get("liid"):
            raise RefusedError("Installing names the warrant's liid, start_us and end_us.")
        liid = str(asked["liid"])
        self.find(name).install(str(asked.get("role", "")), liid, Window(start_us, end_us))
        return {"by": str(asked.get("by", "")), "liid": liid, "rules": ["R-163"]}

    async def _give_out(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        authorised_by = str(asked.get("authorised_by", ""))
        self.find(name).give_out(authorised_by)
        return {"by": str(asked.get("by", "")), "authorised_by": authorised_by, "rules": ["R-165"]}

    async def _give_back(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        ended = self.find(name).give_back(str(asked.get("role", "")))
        return {"by": str(asked.get("by", "")), "basis": str(ended.basis), "liid": ended.liid, "rules": ["R-164"]}

    async def _record(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        recorder, seconds = self.find(name), asked.get("seconds", 0)
        if not isinstance(seconds, int | float) or not 0 < seconds <= MAX_SECONDS:
            raise RefusedError(f"seconds lie between 0 and {MAX_SECONDS}.")
        samples = round(seconds * SAMPLES_PER_S)
        sound = (_TONE * (samples // len(_TONE) + 1))[:samples]
        # What is asked for has been recorded: it ends now, unless it is said when it began.
        begins_us = asked.get("at_us", self._clock.now_us() - samples * SAMPLE_US)
        if not isinstance(begins_us, int):
            raise RefusedError("at_us are microseconds.")
        live = asked.get("live") is True
        made = recorder.record(begins_us, sound, CODE, live, asked.get("past_its_end") is True)
        pieces = [octets for octets in made.pieces() if recorder.memory.keep(octets)]
        if live and pieces:
            await self._send(recorder, pieces)
        return {"recording": made.number, "pieces": len(pieces), "octets": sum(map(len, pieces)), "live": live}

    async def _deliver(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """`although`: somebody takes a recording without a warrant to the link all the same; the collector refuses."""
        recorder = self.find(name)
        items = recorder.memory.items
        pieces = [recorder.memory.read(number) for number in items]
        if asked.get("although") is not True and not all(decode_recording(one).liid for one in pieces):
            raise RefusedError("NO_ORDER: without a warrant nothing of it goes to the collection system (R-162).")
        octets = await self._send(recorder, pieces)
        self._delivered[name] = items
        return {"pieces": len(items), "octets": octets}

    async def _send(self, recorder: Recorder, pieces: list[bytes]) -> int:
        if self._collector is None:
            raise NotReadyError(f"No link of a collector is configured for {recorder.name}: set collector.")
        return await hand_over(self._collector, pieces)

    async def _clear(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        recorder = self.find(name)
        recorder.technical(str(asked.get("role", "")))
        if self._delivered.get(name, ()) != recorder.memory.items:
            raise RefusedError(f"{name} holds what was read out to nobody yet: deliver or download it first.")
        return {"by": str(asked.get("by", "")), "cleared": recorder.memory.clear()}
