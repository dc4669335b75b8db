"""The recorders that the agency's desk has enrolled: whose recordings count, and which of them may stream.

Rules. A device is enrolled and removed by a signed command of the desk, given by the technical unit (R-163), for a
warrant that names it (R-166). Its name has one key for good. A device that was removed goes on being known, because
what it recorded in time may be read out later. All of it comes back from the audit log. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import RefusedError
from mediation.law.orders import CourtOrder, Target, TargetKind

DEVICE: Final = "device"
"""The command, and the kind of its entry in the audit log."""
INSTALLED: Final = "installed"
REMOVED: Final = "removed"
TECHNICAL: Final = "TARU"
MAX_DEVICES: Final = 4096
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Device(NamedTuple):
    """`streaming`: whether it can send while it records (R-168). `liid`: of the warrant that it was last installed
    for."""

    name: str
    key: Ed25519PublicKey
    streaming: bool
    liid: str
    installed: bool


class Devices:
    def __init__(self) -> None:
        self._known: dict[str, Device] = {}

    def find(self, name: str) -> Device | None:
        return self._known.get(name)

    def listed(self) -> list[dict[str, Any]]:
        """For the status."""
        return [
            {"device": one.name, "liid": one.liid, "streaming": one.streaming, "installed": one.installed}
            for one in self._known.values()
        ]

    def take(self, fields: Mapping[str, Any], role: str, orders: tuple[CourtOrder, ...]) -> dict[str, Any]:
        """What a command asks for is done; what goes on record. `orders`: those of its LIID. Raises RefusedError."""
        if role != TECHNICAL:
            raise RefusedError("A device is installed and removed by the technical unit alone (R-163).")
        name, liid, act = (str(fields.get(one, "")) for one in (DEVICE, "liid", "act"))
        if not _NAME.fullmatch(name) or act not in (INSTALLED, REMOVED):
            raise RefusedError(f"A device command names a device and says {INSTALLED} or {REMOVED}.")
        before = self._known.get(name)
        if act == REMOVED:
            if before is None or not before.installed or before.liid != liid:
                raise RefusedError(f"The device {name} is not installed under LIID {liid}.")
            self._known[name] = before._replace(installed=False)
            return {DEVICE: name, "liid": liid, "act": act, "rules": ["R-163", "R-164"]}
        named = Target(TargetKind.DEVICE, name)
        if not any(order.kind.for_device and named in order.targets for order in orders):
            raise RefusedError(f"No warrant under LIID {liid} names the covert audio device {name} (R-166).")
        key, streaming = fields.get("public_key"), fields.get("streaming")
        if not isinstance(key, str) or not isinstance(streaming, bool):
            raise RefusedError("A device is installed with its public_key and whether it streams.")
        made = Device(name, _key_of(key), streaming, liid, True)
        if before is not None and before.key.public_bytes_raw() != made.key.public_bytes_raw():
            raise RefusedError(f"The device {name} has another key: a name has one key for good.")
        if before is None and len(self._known) >= MAX_DEVICES:
            raise RefusedError(f"{MAX_DEVICES} devices are enrolled; no more are taken.")
        self._known[name] = made
        return {
            DEVICE: name, "liid": liid, "act": act, "public_key": key, "streaming": streaming,
            "rules": ["R-163", "R-166", "R-168"],
        }  # fmt: skip

    def restore(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """From the audit log, oldest first."""
        for entry in entries:
            fields = entry["fields"]
            if entry["kind"] != DEVICE:
                continue
            name = fields[DEVICE]
            if fields["act"] == INSTALLED:
                key = _key_of(fields["public_key"])
                self._known[name] = Device(name, key, fields["streaming"], fields["liid"], True)
            else:
                self._known[name] = self._known[name]._replace(installed=False)


def _key_of(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError as error:
        raise RefusedError("public_key is an Ed25519 key: 64 hexadecimal digits.") from error
