"""What can be asked of the mediation function while it runs: faults, the act of an employee, a report to the agency.

Control routes (loopback, JSON): `POST /fault` sets training faults and lets them act (`mediation.faults`); `POST
/activate` `{"order":…, "employee":…}` is an employee's act (R-059); `POST /carrier-report` `{"liid":…, "finding":…,
"says":…}` opens the report that a discovery obliges the carrier to (R-062), and answers it; `POST /say` sends a test
PDU, a padding PDU or an operator message to the agency (TS 102 232-1, TRIPayload); `POST /connection-test`
`{"liid":…}` sends a test message of the US dialects; `POST /element` `{"ask":…}` puts one question of X1 to the element
(an interrogation, Ping, Keepalive) and gives its answer. A refusal is 400 with a sentence. Bodies are checked here and
decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import aiohttp
from aiohttp import web
from pydantic import Field, ValidationError

from asn1.errors import LabError, RefusedError, RemoteError
from mediation.admf import Admf
from mediation.delivery import Link
from mediation.faults import fault_request
from mediation.filing import Filing
from mediation.law.certification import CarrierFinding, carrier_report, report_to_fields
from mediation.mediate import Mediation
from mediation.runtime.clock import Clock
from mediation.runtime.config import Model
from mediation.runtime.exchange import new_session
from mediation.runtime.logs import get_logger


class ActivateModel(Model):
    order: Annotated[str, Field(min_length=1, max_length=200)]
    employee: Annotated[str, Field(max_length=64)] = ""


class ElementModel(Model):
    """A question of X1 and the identifier it is about."""

    ask: Literal[
        "GetTaskDetails", "GetDestinationDetails", "GetNEStatus", "GetAllDetails", "GetAllTaskDetails",
        "GetAllDestinationDetails", "GetAllGenericObjectDetails", "GetObject", "ListObjectsOfType", "ListAllDetails",
        "Ping", "Keepalive",
    ]  # fmt: skip
    xid: UUID | None = None
    did: UUID | None = None
    object_id: UUID | None = None
    object_type: str | None = None


class CarrierReportModel(Model):
    """`liid` and `says` come from whoever discovered it: the agency, or the carrier itself."""

    liid: Annotated[str, Field(min_length=1, max_length=25)]
    finding: CarrierFinding = CarrierFinding.OVER_DELIVERY
    says: Annotated[str, Field(min_length=1, max_length=2_000)]
    by: Annotated[str, Field(max_length=64)] = ""


class SayModel(Model):
    """`what` to send, on one link or on both. `octets`: of a padding PDU. `text`: of an operator message, at most 255
    octets of UTF-8, with its `priority`."""

    what: Literal["testPDU", "paddingPDU", "operatorLeaMessage"]
    link: Literal["hi2", "hi3"] | None = None
    octets: Annotated[int, Field(ge=0, le=65_536)] = 64
    text: Annotated[str, Field(max_length=255)] = ""
    priority: Literal["error", "informational"] = "informational"


class ConnectionTestModel(Model):
    liid: Annotated[str, Field(min_length=1, max_length=25)]


class Control:
    def __init__(self, mediation: Mediation, admf: Admf, reports: Filing, clock: Clock) -> None:
        self._mediation = mediation
        self._admf = admf
        self._reports = reports
        self._clock = clock
        self._log = get_logger("mediation.control")

    def fault(self, values: object) -> dict[str, Any]:
        """Set faults and let them act. Raises RefusedError; then nothing was changed or done."""
        faults = self._mediation.faults
        request = fault_request(values)
        again = faults.resend(request.resend) if request.resend is not None else []
        other = faults.conflict(request.conflict) if request.conflict is not None else []
        faults.change(request.set)
        self._log.warning("fault_set", faults=faults.model.active(), resent=len(again), conflicting=len(other))
        self.cut_links()
        self._mediation.deliver(again + other)
        return {"faults": faults.model.active(), "resent": len(again), "conflicting": len(other)}

    def cut_links(self) -> None:
        """Take down and up what the faults say."""
        down = self._mediation.faults.model.cut
        for link in self._mediation.links:
            # The links of a US dialect are named cdc-DIALECT and ccc-DIALECT, and cut by their kind.
            link.cut(link.name in down or link.name.partition("-")[0] in down)

    def activate(self, values: object) -> dict[str, Any]:
        """Raises RefusedError (R-059) and ValidationError."""
        asked = ActivateModel.model_validate(values)
        done = self._admf.activate(asked.order, asked.employee)
        return {"order": asked.order, "employee": done.employee, "enabled_at_us": done.enabled_at_us}

    async def ask_element(self, values: object) -> dict[str, Any]:
        """Raises RefusedError when the element says no, RemoteError when it says nothing, and ValidationError."""
        asked = ElementModel.model_validate(values)
        try:
            async with new_session() as session:
                reply = await self._admf.tasks.ask(session, asked.ask, **asked.model_dump(exclude={"ask"}))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RemoteError(f"The element does not answer ({type(error).__name__}).") from error
        if reply.error is not None:
            raise RefusedError(f"The element says {reply.error.code}: {reply.error.description}.")
        return dict(_plain(reply))

    def report(self, values: object) -> dict[str, Any]:
        """Raises ValidationError."""
        asked = CarrierReportModel.model_validate(values)
        agency = next((one.agency for one in self._admf.orders.values() if one.liid == asked.liid), "")
        made = carrier_report(asked.finding, agency, asked.liid, self._clock.now_us(), asked.says, asked.by)
        line = report_to_fields(made) | {"number": self._reports.count + 1}
        self._reports.append(line)
        self._log.warning("carrier_report", liid=asked.liid, finding=str(asked.finding))
        return line

    def say(self, values: object) -> dict[str, Any]:
        """Test and padding PDUs go out on links that are up, now; a message is buffered like a record (6.3.3)."""
        asked = SayModel.model_validate(values)
        links = [link for link in self._mediation.links if isinstance(link, Link) and asked.link in (None, link.name)]
        if asked.what == "operatorLeaMessage":
            if not 1 <= len(asked.text.encode()) <= 255:
                raise RefusedError("text: an operator message has 1 to 255 octets of UTF-8.")
            for link in links:
                self._mediation.operator_message(asked.text, asked.priority, link.stream, self._clock.now_us())
            said = [link.name for link in links]
        else:
            value = bytes(asked.octets) if asked.what == "paddingPDU" else None
            said = [link.name for link in links if link.say(asked.what, value)]
        self._log.info("said", what=asked.what, links=said)
        return {"what": asked.what, "links": said}

    def connection_test(self, values: object) -> dict[str, Any]:
        """Raises RefusedError and ValidationError."""
        asked = ConnectionTestModel.model_validate(values)
        self._mediation.connection_test(asked.liid, self._clock.now_us())
        return {"liid": asked.liid, "sent": 1}

    def status(self) -> dict[str, Any]:
        return {"certifications": self._admf.certified, "carrier_reports": self._reports.count}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/fault", _answering(self.fault)),
            web.post("/activate", _answering(self.activate)),
            web.post("/carrier-report", _answering(self.report)),
            web.post("/element", _answering(self.ask_element)),
            web.post("/say", _answering(self.say)),
            web.post("/connection-test", _answering(self.connection_test)),
        ]


def _answering(
    act: Callable[[object], dict[str, Any] | Awaitable[dict[str, Any]]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        try:
            done = act(await request.json())
            return web.json_response(await done if isinstance(done, Awaitable) else done)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the body"
            return web.json_response({"error": f"{where}: {first['msg']}."}, status=400)
        except (LabError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return handler


def _plain(value: object) -> Any:  # noqa: ANN401  what JSON takes
    """An answer of X1 as JSON values; what is absent or empty is left out."""
    if is_dataclass(value):
        held = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: _plain(one) for name, one in held if one is not None and one != ()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, int | str) else str(value)
