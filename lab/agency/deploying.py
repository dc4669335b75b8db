"""A covert recorder goes out and comes back: asked at the desk, on its record, told to the collector and the device.

Rules. Under a warrant the technical unit installs and removes it, never without complete papers, in an emergency
neither (R-163), and only the device that the warrant names (R-166). Being out starts the clock of R-146; coming back is
its act. Without a warrant it takes a supervisor's authorisation, and one party's consent or a place without an
expectation of privacy (R-165, R-166). The desk's ledger is written before anybody is told: who does the same again
mends what a crash left between the two. Nothing is decided here; `mediation.law` does.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from asn1.errors import RefusedError
from collector.commands import sign_command
from collector.desk.desk import Outcome
from collector.recorder.devices import DEVICE, INSTALLED, REMOVED
from collector.store.private_files import own_signing_key
from lab import control
from lab.case_file import Docket, Verdict
from lab.stack import Stack
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action, Role
from mediation.law.case_log import Fact
from mediation.law.documents import missing_in
from mediation.law.duties import DutyKind
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, Target, TargetKind
from mediation.law.verdicts import Reason
from mediation.runtime.config import ConfigError, NotReadyError

PROCESS: Final = "devices"
_TIMEOUT_S: Final = 5.0
Made = dict[str, Any]


def recorder_of(stack: Stack, name: str) -> Mapping[str, Any]:
    """What the devices' process says of a recorder. Raises NotReadyError, ConfigError."""
    if PROCESS not in stack.alive:
        raise NotReadyError(f"No devices run in {stack.paths.data}: `calea-lab up --agency` starts them.")
    found: dict[str, Mapping[str, Any]] = {one["name"]: one for one in stack.status(PROCESS)["recorders"]}
    if name not in found:
        raise ConfigError(f"There is no recorder {name}: {', '.join(sorted(found))}.")
    return found[name]


def install(docket: Docket, stack: Stack, order: CourtOrder, name: str, by: str) -> tuple[Verdict, Made]:
    """R-163, R-166."""
    device = recorder_of(stack, name)
    asked = docket.ask(by, Action.INSTALL_COVERT_AUDIO, order, f"install {name}", Circumstances())
    verdict = docket.judge("install a recorder", by, order, asked, missing=_lacks(docket, order, name))
    if not verdict.allowed:
        return verdict, {}
    common = _common(order, name, by)
    if name not in docket.log().values(Fact.DEVICE, str(order.order_id)):
        fact = {"order_id": str(order.order_id), "case_id": str(order.case_id), "by": by, "at_us": docket.now_us}
        docket.record("case_fact", {**fact, "fact": str(Fact.DEVICE), "value": name})
    key = {"public_key": device["public_key"], "streaming": device["streaming"]}
    _tell(stack, {**common, "act": INSTALLED, **key})
    window = order.effective_window
    period = {"start_us": window.start_us, "end_us": window.end_us}
    stack.post(PROCESS, f"/recorders/{name}/install", {**common, **period})
    return verdict, {**common, **period}


def remove(docket: Docket, stack: Stack, order: CourtOrder, name: str, by: str) -> tuple[Verdict, Made]:
    """R-163, R-164: it is taken out and goes back to its command; that is the act R-146 waits for."""
    recorder_of(stack, name)
    asked = docket.ask(by, Action.INSTALL_COVERT_AUDIO, order, f"remove {name}", Circumstances())
    lacks = []
    if name not in docket.log().values(Fact.DEVICE, str(order.order_id)):
        lacks.append(Missing("device", "R-164", f"{name} was not installed under this order", Reason.NO_ORDER))
    verdict = docket.judge("remove a recorder", by, order, asked, missing=lacks)
    if not verdict.allowed:
        return verdict, {}
    common = _common(order, name, by)
    act = {"order_id": str(order.order_id), "case_id": str(order.case_id), "by": by, "at_us": docket.now_us}
    docket.record(
        "duty_act",
        {**act, "duty": DutyKind.DEVICE_DISABLED.name, "subject": name, "reference": "returned", "contents": {}},
    )
    _tell(stack, {**common, "act": REMOVED})
    stack.post(PROCESS, f"/recorders/{name}/give-back", common)
    docket.raise_alarms([order])
    return verdict, common


def lend(docket: Docket, stack: Stack, name: str, by: str, authorised_by: str, consent: bool) -> Outcome:
    """R-165, R-166: without a warrant, for a conversation of which a party consents. Stays out of the collection system
    (R-162), so no case of it is asked about."""
    recorder_of(stack, name)
    supervisor = docket.desk.state.users.get(authorised_by)
    authorised = supervisor is not None and supervisor.duty_at(docket.now_us).role is Role.SUP
    facts = Circumstances(supervisory_authorisation=authorised, consent_or_no_privacy=consent)
    action = Action.USE_COVERT_AUDIO_WITHOUT_WARRANT
    outcome = docket.desk.attempt(by, action, "", docket.now_us, facts, "recorder", name)
    if outcome.answer.allowed:
        stack.post(PROCESS, f"/recorders/{name}/give-out", {"by": by, "authorised_by": authorised_by})
    return outcome


def _lacks(docket: Docket, order: CourtOrder, name: str) -> tuple[Missing, ...]:
    """What keeps the device from being installed."""
    newest = max(
        (one for one in docket.court.documents() if one.order.order_id == order.order_id),
        key=lambda one: one.order.version,
    )
    found = list(missing_in(newest))
    named = Target(TargetKind.DEVICE, name) in order.targets
    if not order.kind.for_device or not named:
        found.append(Missing("device", "R-166", f"the order names no covert audio device {name}"))
    elif not order.effective_window.contains(docket.now_us):
        says = "a device is active inside the warrant's period alone"
        found.append(Missing("period", "R-164", says, Reason.NO_ORDER))
    return tuple(found)


def _common(order: CourtOrder, name: str, by: str) -> Made:
    return {DEVICE: name, "liid": str(order.liid), "by": by, "role": "TARU"}


def _tell(stack: Stack, fields: Made) -> None:
    """The desk's signed command to the collector, later than the last one it took. Raises RefusedError."""
    port = stack.running[stack.collectors[0]].control_port
    said = control.get(port, "/devices")
    time_us = max(stack.clock.now_us(), int(said["last_command_us"]) + 1)
    octets = sign_command(DEVICE, fields, own_signing_key(stack.paths.console_keys, "console"), time_us)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{DEVICE}", octets, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310  loopback, our own
            json.load(answer)
    except urllib.error.HTTPError as error:
        why = json.loads(error.read() or b"{}").get("error", error.reason)
        raise RefusedError(f"The collector does not enrol it: {why}") from error
    except OSError as error:
        raise NotReadyError(f"The collector does not answer on its control port: {error}.") from error
