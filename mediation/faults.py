"""The training faults at work: what a carrier may do wrong, deterministically, while the run goes on.

What a fault does to a record is settled here, in memory: which are numbered with a gap, which leave behind their
successor or late, which are sent again or once more with other octets. Shares are spread evenly by counting, so that
six of a hundred are six of every hundred. Nothing here is on unless it was asked for. Records held back are not in the
journal yet: a process that dies holding them has lost them, and the gap in the numbers says so. Pure: times are
arguments.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from asn1.errors import RefusedError
from mediation.config import FaultsModel
from mediation.journal import HI3, Entry
from mediation.law.orders import CourtOrder, Exigency, OrderState, Service, Window
from mediation.runtime.config import Model

FOREVER_US: Final = 1 << 62
SWAP_FLUSH_S: Final = 0.5
"""Real seconds after which a record leaves though no successor came."""
RESEND_OCTETS: Final = 64 << 20
"""Of all records kept for sending again."""
_FICTIONAL: Final = b"55501"


class ResendModel(Model):
    """The last `records` of a LIID once more, `times` over, octet for octet."""

    liid: str
    records: Annotated[int, Field(ge=1, le=100_000)] = 1
    times: Annotated[int, Field(ge=1, le=10)] = 1


class ConflictModel(Model):
    """The last `records` of a LIID once more under their own numbers, with a digit changed."""

    liid: str
    records: Annotated[int, Field(ge=1, le=1_000)] = 1


class FaultRequest(Model):
    """`set`: faults as in the configuration, each replacing what was set under its name. The others act once."""

    set: dict[str, Any] = Field(default_factory=dict)
    resend: ResendModel | None = None
    conflict: ConflictModel | None = None


def fault_request(values: object) -> FaultRequest:
    """`POST /fault`: faults may stand at the top level or under `set`. Raises RefusedError in one sentence."""
    if not isinstance(values, dict):
        raise RefusedError("A fault is a JSON object.")
    acts = {name: values[name] for name in ("resend", "conflict") if name in values}
    settings = {name: value for name, value in values.items() if name not in ("resend", "conflict", "set")}
    try:
        nested = values.get("set", {})
        request = FaultRequest.model_validate({**acts, "set": nested})
        return request.model_copy(update={"set": {**request.set, **settings}})
    except ValidationError as error:
        raise _refused(error) from error


class Faults:
    """The faults of one mediation function. `model` says which are on."""

    def __init__(self, model: FaultsModel) -> None:
        self.model = model
        self._counts: dict[tuple[str, str], int] = {}
        self._swapped: dict[tuple[int, str, int], tuple[Entry, float]] = {}
        self._delayed: list[tuple[int, int, Entry]] = []
        self._delays = 0
        self._kept: dict[str, deque[Entry]] = {}
        self._kept_octets = 0

    def change(self, values: Mapping[str, Any]) -> None:
        """Set faults by name. Raises RefusedError and changes nothing when one is wrong."""
        try:
            self.model = FaultsModel.model_validate({**self.model.model_dump(), **values})
        except ValidationError as error:
            raise _refused(error) from error
        if not self.model.resend_window:
            self._kept.clear()
            self._kept_octets = 0

    # What the others ask

    def slack_us(self, liid: str) -> int:
        return int(self.model.window_slack_s.get(liid, 0.0) * 1e6)

    def overdelivers(self, liid: str, service: Service) -> bool:
        return service in self.model.overdeliver_content.get(liid, ())

    def as_judged(self, order: CourtOrder) -> CourtOrder:
        """The order as this carrier believes it: one kept in force has no end."""
        if order.liid not in self.model.keep_in_force:
            return order
        return replace(
            order,
            state=OrderState.ACTIVE,
            window=Window(order.window.start_us, FOREVER_US),
            exigent=Exigency(FOREVER_US // 2) if order.kind.exigent else None,
            revoked_at_us=None,
            objective_attained_at_us=None,
            entered_at_us=None,
            first_interception_us=None,
        )

    def skips(self, liid: str) -> bool:
        """Whether the next number of this record is left out."""
        return self._hits("skip", liid, self.model.skip.get(liid, 0.0))

    # What becomes of records on their way to the journal

    @property
    def held_back(self) -> int:
        return len(self._swapped) + len(self._delayed)

    @property
    def quiet(self) -> bool:
        """Whether no fault is set that changes what becomes of a record; a link that is cut does not."""
        return all(name == "cut" for name in self.model.active())

    def arrange(self, entries: list[Entry], now_us: int, real_s: float) -> list[Entry]:
        """The entries to journal now, in the order they leave."""
        model = self.model
        if not (model.swap or model.delay or model.resend_window or self._swapped):
            return entries
        out: list[Entry] = []
        for entry in entries:
            delay = model.delay.get(entry.liid) if entry.stream != HI3 and not entry.tri else None
            if delay is not None and self._hits("delay", entry.liid, delay.share):
                self._delays += 1
                self._delayed.append((now_us + delay.us, self._delays, entry))
                continue
            if entry.note is None:
                out.append(entry)
                continue
            key = (entry.stream, entry.note[0], entry.note[1])
            waiting = self._swapped.pop(key, None)
            if waiting is not None:
                out += (entry, waiting[0])
            elif self._hits("swap", entry.liid, model.swap.get(entry.liid, 0.0)):
                self._swapped[key] = (entry, real_s)
            else:
                out.append(entry)
        self._keep(out)
        return out

    def due(self, now_us: int, real_s: float) -> list[Entry]:
        """Held records whose time has come."""
        out = [entry for _, _, entry in sorted(one for one in self._delayed if one[0] <= now_us)]
        self._delayed = [one for one in self._delayed if one[0] > now_us]
        for key, (entry, since_s) in list(self._swapped.items()):
            if real_s - since_s >= SWAP_FLUSH_S:
                out.append(entry)
                del self._swapped[key]
        self._keep(out)
        return out

    def resend(self, request: ResendModel) -> list[Entry]:
        """Raises RefusedError when nothing was kept."""
        return self._last(request.liid, request.records) * request.times

    def conflict(self, request: ConflictModel) -> list[Entry]:
        """Raises RefusedError when nothing was kept."""
        return [one._replace(octets=other_digit(one.octets)) for one in self._last(request.liid, request.records)]

    def _last(self, liid: str, records: int) -> list[Entry]:
        kept = list(self._kept.get(liid, ()))[-records:]
        if not kept:
            raise RefusedError(
                f"No delivered record of {liid} is kept: set resend_window before the traffic it is to cover."
            )
        return kept

    def _keep(self, entries: list[Entry]) -> None:
        window = self.model.resend_window
        if not window:
            return
        for entry in entries:
            if entry.tri:
                continue
            kept = self._kept.setdefault(entry.liid, deque())
            kept.append(entry)
            self._kept_octets += len(entry.octets)
            while len(kept) > window or (self._kept_octets > RESEND_OCTETS and kept):
                self._kept_octets -= len(kept.popleft().octets)

    def _hits(self, name: str, liid: str, share: float) -> bool:
        if not share:
            return False
        count = self._counts[name, liid] = self._counts.get((name, liid), 0) + 1
        return _floor(count * share) > _floor((count - 1) * share)


def other_digit(octets: bytes) -> bytes:
    """The record with one digit of its last number changed; its last octet where it holds no number."""
    at = octets.rfind(_FICTIONAL)
    if at < 0 or at + len(_FICTIONAL) + 2 > len(octets):
        return octets[:-1] + bytes([octets[-1] ^ 1])
    at += len(_FICTIONAL) + 1
    digit = octets[at : at + 1]
    changed = b"%d" % ((int(digit) + 1) % 10) if digit.isdigit() else bytes([octets[at] ^ 1])
    return octets[:at] + changed + octets[at + 1 :]


def _floor(value: float) -> int:
    """Towards zero, but a product that should be whole is (0.29 * 100)."""
    return int(value + 1e-9)


def _refused(error: ValidationError) -> RefusedError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the fault"
    return RefusedError(f"{where}: {first['msg']}.")
