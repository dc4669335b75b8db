"""Commands of the agency's desk that change what is taken or shown: minimise, privilege, fence, enrol a recorder.

Rules. A command is canonical JSON signed with the desk's Ed25519 key; it names itself, who gives it and when. Each is
taken once: one that is not later than the last, or too old, or from the future, is refused, also after a restart.
Nothing that is stored changes: minimising looks forward (R-118), the rest are standings of their own (R-119 to R-121).
Who may give which command is the desk's to decide; what a rule asks for in the command itself is asked for
here. Every command and every refusal goes on record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import RefusedError
from collector import standing
from collector.in_force import OrdersInForce
from collector.minimise import ALL_CINS, Minimised, Mode
from collector.recorder.devices import DEVICE, Devices
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.verdicts import Reason

MAX_COMMAND_OCTETS: Final = 16 * 1024
MAX_AGE_US: Final = 300_000_000
AHEAD_US: Final = 5_000_000
"""How far the desk's clock may be ahead of ours."""
MINIMISE: Final = "minimise"
STANDING: Final = "standing"
SUPERVISOR: Final = "SUP"


@dataclass(frozen=True, slots=True)
class Command:
    """A command whose signature and time are in order."""

    name: str
    by: str
    role: str
    time_us: int
    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.fields.get(name, "")
        if not isinstance(value, str):
            raise RefusedError(f"{name} is text.")
        return value.strip()

    def number(self, name: str) -> int | None:
        value = self.fields.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise RefusedError(f"{name} is a whole number.")
        return value

    def flag(self, name: str) -> bool | None:
        value = self.fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise RefusedError(f"{name} is true or false.")
        return value


def sign_command(name: str, fields: Mapping[str, Any], key: Ed25519PrivateKey, time_us: int) -> bytes:
    """What the desk sends: `fields` with the command's name, its time and the signature."""
    value = {**fields, "command": name, "time_us": time_us}
    return json.dumps({**value, "signature": key.sign(_canonical(value)).hex()}).encode()


def read_command(
    name: str, octets: bytes, key: Ed25519PublicKey, now_us: int, last_us: int, max_age_us: int = MAX_AGE_US
) -> Command:
    """Raises RefusedError for anything but a fresh, signed command of this name; `last_us` is the last one's time."""
    if len(octets) > MAX_COMMAND_OCTETS:
        raise RefusedError(f"A command has at most {MAX_COMMAND_OCTETS} octets.")
    try:
        value = json.loads(octets)
        signature = bytes.fromhex(value.pop("signature"))
        key.verify(signature, _canonical(value))
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedError("The command is not signed with the desk's key.") from error
    time_us = value.pop("time_us", None)
    if value.pop("command", None) != name or isinstance(time_us, bool) or not isinstance(time_us, int):
        raise RefusedError(f"The command is not a {name} with a time.")
    if not -AHEAD_US <= now_us - time_us <= max_age_us:
        raise RefusedError(f"The command's time is {(now_us - time_us) / 1e6:g} s away from ours.")
    if time_us <= last_us:
        raise RefusedError("The command is not later than the last one taken: it was taken already, or overtaken.")
    by, role = value.pop("by", ""), value.pop("role", "")
    if not isinstance(by, str) or not by.strip() or not isinstance(role, str):
        raise RefusedError("The command does not say who gives it.")
    return Command(name, by.strip(), role, time_us, value)


class Stands(Protocol):
    """What of the store is needed here."""

    def stand(self, entries: list[standing.Entry]) -> None: ...


class Commands:
    """Takes commands and does what they say. `append` writes the audit log; `on_change` hears that the bulk lane must
    look again; `afterwards` says whether an order's warrant allows minimising afterwards (R-119)."""

    def __init__(
        self,
        key: Ed25519PublicKey | None,
        orders: OrdersInForce,
        minimised: Minimised,
        store: Stands,
        devices: Devices,
        *,
        append: Callable[[str, dict[str, Any]], None],
        on_change: Callable[[], None],
        afterwards: Callable[[CourtOrder], bool],
        max_age_us: int = MAX_AGE_US,
    ) -> None:
        self._key = key
        self._orders = orders
        self._minimised = minimised
        self._store = store
        self.devices = devices
        self._append = append
        self._on_change = on_change
        self._afterwards = afterwards
        self._max_age_us = max_age_us
        self._acts = {MINIMISE: self._minimise, STANDING: self._stand, DEVICE: self._device}
        self._last_us = -1
        self._privileged: set[tuple[str, int]] = set()
        self._fenced: dict[tuple[str, int], dict[str, int]] = {}

    def take(self, name: str, octets: bytes, now_us: int) -> dict[str, Any]:
        """Do one command; what went on record. Raises RefusedError, which goes on record too."""
        try:
            if self._key is None:
                raise RefusedError("No command_public_key is configured: this collector takes no commands.")
            command = read_command(name, octets, self._key, now_us, self._last_us, self._max_age_us)
            self._last_us = command.time_us
            kind, fields = self._acts[name](command, now_us)
        except RefusedError as error:
            self._append("command_refused", {"command": name, "why": str(error)})
            raise
        fields |= {"by": command.by, "role": command.role, "at_us": now_us, "time_us": command.time_us}
        self._append(kind, fields)
        self._on_change()
        return fields

    def restore(self, entries: Iterable[dict[str, Any]]) -> None:
        """From the audit log, oldest first."""
        said = list(entries)
        self.devices.restore(said)
        for entry in said:
            fields = entry["fields"]
            if entry["kind"] not in self._acts or "time_us" not in fields:
                continue
            self._last_us = max(self._last_us, fields["time_us"])
            if entry["kind"] == STANDING and "liid" in fields:
                self._remember((fields["liid"], fields["cin"]), fields)

    def _minimise(self, command: Command, now_us: int) -> tuple[str, dict[str, Any]]:
        """R-118, R-119."""
        liid, cin = self._communication(command)
        said: dict[str, Any] = {"liid": liid, "cin": cin, "rules": ["R-118"]}
        place = ALL_CINS if cin is None else cin
        if command.flag("afterwards"):
            return MINIMISE, said | self._minimise_afterwards(command, liid, cin, now_us)
        if command.flag("spot_check"):
            return MINIMISE, said | {
                "spot_check": True,
                "until_us": self._minimised.spot_check(liid, place, now_us),
            }
        on = command.flag("on")
        if on is None:
            raise RefusedError("A minimise command says on, spot_check or afterwards.")
        if not on:
            self._minimised.stop(liid, place)
            return MINIMISE, said | {"on": False}
        try:
            mode = Mode(command.text("mode"))
        except ValueError as error:
            raise RefusedError(f"mode is {' or '.join(Mode)}.") from error
        self._minimised.start(liid, place, mode, now_us, command.by)
        return MINIMISE, said | {"on": True, "mode": str(mode)}

    def _minimise_afterwards(self, command: Command, liid: str, cin: int | None, now_us: int) -> dict[str, Any]:
        """R-119: what is in code or a foreign language, where the warrant says so and nobody could be had to follow."""
        orders = self._orders.orders_for(liid)
        if not any(self._afterwards(order) for order in orders):
            raise RefusedError("The warrant does not say that minimising afterwards is allowed (R-119).")
        if command.flag("expert_available") is not False or not command.text("reason"):
            raise RefusedError(
                "Minimising afterwards needs a reason, and that no expert was reasonably available (R-119)."
            )
        if cin is None:
            raise RefusedError("Minimising afterwards names one communication (R-119).")
        scope = standing.of_communication(liid.encode(), cin, command.number("from_us"), command.number("to_us"))
        self._store.stand([standing.minimised(scope, now_us, command.by, command.role, command.text("reason"))])
        return {"afterwards": True, "reason": command.text("reason"), "rules": ["R-119"]}

    def _device(self, command: Command, now_us: int) -> tuple[str, dict[str, Any]]:
        """R-163, R-166: a covert recorder is installed or removed."""
        orders = self._orders.orders_for(command.text("liid"))
        return DEVICE, self.devices.take(command.fields, command.role, orders)

    @property
    def last_us(self) -> int:
        """When the last command taken was given; the next one is later."""
        return self._last_us

    def _stand(self, command: Command, now_us: int) -> tuple[str, dict[str, Any]]:
        """R-120, R-121."""
        liid, cin = self._communication(command)
        if cin is None:
            raise RefusedError("A standing names one communication.")
        asked = [name for name in ("privileged", "fenced") if command.flag(name) is not None]
        if len(asked) != 1:
            raise RefusedError("A standing says either privileged or fenced.")
        name, on, reason = asked[0], bool(command.flag(asked[0])), command.text("reason")
        rule = "R-120" if name == "privileged" else "R-121"
        if on:
            scope = standing.of_communication(liid.encode(), cin)
            ground = reason or ("privileged" if name == "privileged" else "about a crime not in the warrant")
            entry = standing.privileged(scope, now_us, command.by, command.role, ground)
        else:
            entry = self._lift(name, liid, cin, command, now_us)
        fields: dict[str, Any] = {
            "liid": liid,
            "cin": cin,
            name: on,
            "reason": reason,
            "versions": {order.order_id: order.version for order in self._orders.orders_for(liid)},
            "filter_role": "FILT",
            "rules": [rule],
        }
        self._remember((liid, cin), fields)
        # One reason stands for both: it is lifted when neither is left.
        if on or not ((liid, cin) in self._privileged or (liid, cin) in self._fenced):
            self._store.stand([entry])
        return STANDING, fields

    def _lift(self, name: str, liid: str, cin: int, command: Command, now_us: int) -> standing.Entry:
        """Take a flag back. Raises RefusedError without a supervisor and a reason (R-120), or for a fence without an
        amendment of the warrant that is dated before now (R-121)."""
        place = (liid, cin)
        if place not in (self._privileged if name == "privileged" else self._fenced):
            raise RefusedError(f"LIID {liid}, CIN {cin} is not {name}.")
        if command.role != SUPERVISOR or not command.text("reason"):
            raise RefusedError("A flag is taken back by a supervisor, with a reason (R-120).")
        if name == "fenced" and not self._amended(place, now_us):
            raise RefusedError("The fence stays until the warrant is amended: there is no later version of it (R-121).")
        scope = standing.of_communication(liid.encode(), cin)
        return standing.released(
            scope, Reason.PRIVILEGED_HOLD, now_us, command.by, command.role, command.text("reason")
        )

    def _amended(self, place: tuple[str, int], now_us: int) -> bool:
        """R-121: a version later than when it was fenced, and not dated after now. One that ends the order amends
        nothing."""
        versions = self._fenced[place]
        return any(
            order.version > versions.get(order.order_id, 0)
            and order.state in (OrderState.ISSUED, OrderState.ACTIVE)
            and order.revoked_at_us is None
            and order.objective_attained_at_us is None
            and (order.issued_at_us is None or order.issued_at_us <= now_us)
            for order in self._orders.orders_for(place[0])
        )

    def _communication(self, command: Command) -> tuple[str, int | None]:
        liid, cin = command.text("liid"), command.number("cin")
        if not self._orders.orders_for(liid):
            raise RefusedError(f"No order names the LIID {liid}.")
        return liid, cin

    def _remember(self, place: tuple[str, int], fields: Mapping[str, Any]) -> None:
        if fields.get("privileged") is True:
            self._privileged.add(place)
        elif fields.get("privileged") is False:
            self._privileged.discard(place)
        if fields.get("fenced") is True:
            self._fenced[place] = dict(fields["versions"])
        elif fields.get("fenced") is False:
            self._fenced.pop(place, None)


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
