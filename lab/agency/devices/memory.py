"""A device's memory: it takes what fits, stops for good when something does not, and goes on when it is cleared.

Rules. Nothing that is in it is changed, and nothing makes room: it is no ring (R-160, R-161, R-169, R-170). What it
holds outlives the process: one file an item. Whether it stopped is a file too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from asn1.errors import RefusedError
from mediation.law.verdicts import Reason

_STOPPED: Final = "stopped"


class DeviceFullError(RefusedError):
    """DEVICE_FULL: it takes nothing more until it is cleared."""

    def __init__(self, device: str, capacity_octets: int) -> None:
        super().__init__(
            f"{Reason.DEVICE_FULL.name}: the {capacity_octets} octets of {device} are used: it has stopped, and goes "
            "on when its memory is cleared."
        )


class Memory:
    """`directory` is the device's own; items are numbered from 1 for as long as it lives."""

    def __init__(self, device: str, directory: Path, capacity_octets: int) -> None:
        self._device = device
        self._directory = directory
        self.capacity_octets = capacity_octets
        directory.mkdir(parents=True, exist_ok=True)
        self._items = {int(path.stem): path.stat().st_size for path in directory.glob("*.item")}
        self._next = max(self._items, default=0) + 1
        self.stopped = (directory / _STOPPED).exists()

    @property
    def used_octets(self) -> int:
        return sum(self._items.values())

    @property
    def items(self) -> tuple[int, ...]:
        return tuple(sorted(self._items))

    def keep(self, octets: bytes) -> int:
        """One more item, by its number. Raises DeviceFullError: at the octet that is too much, and from then on."""
        if not self.stopped and self.used_octets + len(octets) > self.capacity_octets:
            self.stopped = True
            (self._directory / _STOPPED).touch()
        if self.stopped:
            raise DeviceFullError(self._device, self.capacity_octets)
        number, self._next = self._next, self._next + 1
        path = self._directory / f"{number}.item"
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(octets)
        temporary.replace(path)
        self._items[number] = len(octets)
        return number

    def read(self, number: int) -> bytes:
        return (self._directory / f"{number}.item").read_bytes()

    def clear(self) -> int:
        """All of it goes, at once; how many items there were."""
        cleared = len(self._items)
        for number in self.items:
            (self._directory / f"{number}.item").unlink()
        (self._directory / _STOPPED).unlink(missing_ok=True)
        self._items.clear()
        self.stopped = False
        return cleared
