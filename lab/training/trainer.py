"""The trainer's process of a class: its desk with one account, its configuration, its start, its end, what asks it.

The trainer signs in on a desk of their own (`DATA/trainer/desk`), where no trainee is anybody.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from asn1.errors import RefusedError
from lab import control, processes, toml
from lab.desk import AGENCY, desk_pins, make_desk
from lab.desk_accounts import admit
from lab.processes import Running
from lab.stack import HOST, Stack
from lab.training.room import MODULE, TRAINER, Room, process_of
from mediation.runtime.config import NotReadyError
from mediation.runtime.tls import make_lab_ca

START_S: Final = 180.0
"""The process is ready when its class is: all of the run's processes, the orders, the cards that open it."""
JOB_S: Final = 600.0
_LOOK_EVERY_S: Final = 0.1
USER: Final = "trainer"


class Account(NamedTuple):
    user_id: str
    password: str


def make_trainer(room: Room) -> Account:
    """Desk, certificate and configuration; the one-time password, shown once."""
    room.trainer.mkdir(parents=True, exist_ok=True)
    now_us = time.time_ns() // 1000
    make_desk(room.trainer, now_us, [(USER, "SUP", AGENCY, "Training")])
    passwords, _ = admit(room.trainer, [USER], {}, now_us)
    ca = room.run(1) / "ca"
    make_lab_ca(ca, (TRAINER,), now_us)
    path = room.paths.config(TRAINER)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# SIMULATION. Written by calea-lab.\n{toml.dumps(_config(room))}")
    return Account(USER, passwords[USER])


def _config(room: Room) -> dict[str, Any]:
    first = room.run(1).resolve()
    ca = first / "ca"
    return {
        "data_dir": room.trainer.resolve(),
        "class_dir": room.data.resolve(),
        "console": {
            "data_dir": room.trainer.resolve() / "console",
            "listen": {
                "host": HOST,
                "tls": {"certificate": ca / f"{TRAINER}.pem", "key": ca / f"{TRAINER}.key", "ca": ca / "ca.pem"},
            },
            "control": {"host": HOST},
            "lab_ca": ca / "ca.pem",
            "court_public_key": first / "court" / "court.pub",
            "hi1_inbox": first / "collector" / "hi1-inbox",
            "desk": {"data_dir": room.trainer.resolve() / "desk", "pin_directory": desk_pins(room.trainer)},
            "collector": {"data_dir": first / "collector"},
        },
    }


def start(room: Room) -> Running:
    """Raises ConfigError, NotReadyError, IntegrityError with the process's own sentence."""
    found = processes.start(TRAINER, room.paths, MODULE, START_S)
    (room.trainer / "process.json").write_text(json.dumps(found.as_json()))
    return found


def running(room: Room) -> Running:
    """Raises NotReadyError when no class is going on."""
    room.load()
    found = process_of(room)
    if found is None:
        raise NotReadyError(
            f"The class in {room.data} has ended; `calea-lab train review --data {room.data}` looks back at it."
        )
    return found


def stop(room: Room) -> bool:
    """End the class: its trainer's process and, should that not have done so, its run. Whether one was going on."""
    held, found = room.load(), process_of(room)
    if found is not None:
        processes.stop(found, START_S)
    if (room.run(held.run) / "run.json").exists():
        Stack.load(room.run(held.run)).stop()
    return found is not None


def address(room: Room, found: Running) -> str:
    """Of the trainer's console: by number, so that its cookies are not those of the trainees' at `localhost`."""
    return f"https://{HOST}:{found.ports['https']}/"


def state(found: Running) -> dict[str, Any]:
    """What the class says of itself (`lab.training.control.told`). Raises ControlError."""
    return control.get(found.control_port, "/class")


def ask(found: Running, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for something and wait until it is done; the state then. Raises RefusedError for what is not taken,
    NotReadyError for what did not come about, each with the sentence why."""
    answer = control.post(found.control_port, path, body)
    if "refused" in answer:
        raise RefusedError(answer["refused"])
    job = int(answer["job"])
    until = time.monotonic() + JOB_S
    while True:
        said = state(found)
        if job == 0:
            return said
        if str(job) in said["jobs"]:
            why = said["jobs"][str(job)]
            if why:
                raise NotReadyError(why)
            return said
        if time.monotonic() > until:
            raise NotReadyError(f"It was not done within {JOB_S:.0f} s; the class says: {said['state']}.")
        time.sleep(_LOOK_EVERY_S)
