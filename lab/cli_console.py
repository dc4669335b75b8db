"""`calea-lab console open | users`, `station enrol | revoke | show`, `user password`: a way into the console."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from lab.desk import device, show_outcome
from lab.desk_accounts import enrol_station, give_password, known_stations, revoke_station, seed
from lab.output import DEFAULT_DATA, DataOption, JsonOption, banner, console, print_json, table
from lab.stack import Stack
from lab.times import iso
from mediation.runtime.config import ConfigError, NotReadyError

By = Annotated[str, typer.Option("--by", help="who does it; recorded, and never about themselves")]
StationId = Annotated[str, typer.Argument(metavar="STATION")]


def console_url(stack: Stack) -> str:
    """Raises NotReadyError when no console runs."""
    running = stack.running.get("console")
    if running is None or "console" not in stack.alive:
        data = stack.paths.data
        raise NotReadyError(f"No console runs in {data}: `calea-lab up --data {data}` starts one.")
    config = tomllib.loads(Path(running.config).read_text("utf-8"))
    host = config["listen"]["host"]
    return f"https://{'localhost' if host == '127.0.0.1' else host}:{running.ports['https']}/"


def open_(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Where the run's console is, and what a browser needs for it."""
    stack = Stack.load(data)
    card = {"console": console_url(stack), "ca": str(stack.paths.ca / "ca.pem")}
    if as_json:
        print_json({"simulation": True, **card})
        return
    out = console()
    banner(out)
    out.print(f"console {card['console']}", markup=False)
    out.print(f"CA      {card['ca']} (also under {card['console']}lab-ca)", markup=False)
    out.print("Accounts: calea-lab console users; a station for this browser: calea-lab station enrol", markup=False)


def users(
    anew: Annotated[bool, typer.Option("--anew", help="for those who have a password, too")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Training accounts: a one-time password for everybody of the desk, a station at each facility. Shown once."""
    made = seeded(data, anew)
    if as_json:
        print_json({"simulation": True, **made})
    else:
        show_seeded(made)


def seeded(data: Path, anew: bool = False) -> dict[str, Any]:
    accounts, stations = seed(data, anew)
    return {
        "accounts": [one._asdict() for one in accounts],
        "stations": [one._asdict() for one in stations],
    }


def show_seeded(made: dict[str, Any]) -> None:
    out = console()
    rows = [(one["user_id"], one["role"], one["password"] or "(has one)") for one in made["accounts"]]
    table("Accounts: fictional people, passwords for one sign-in", ("user", "role", "one-time password"), rows, out)
    if made["stations"]:
        places = [(one["station_id"], one["facility"], one["token"]) for one in made["stations"]]
        table("Stations: type a token under /station, in one browser", ("station", "facility", "token"), places, out)


def password(
    user_id: Annotated[str, typer.Argument(metavar="USER")],
    by: By = "lund",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """A one-time password for somebody, shown once; their sessions end."""
    outcome, fresh = give_password(data, user_id, by)
    if not outcome.answer.allowed:
        raise typer.Exit(show_outcome(outcome, as_json))
    if as_json:
        print_json({"user_id": user_id, "password": fresh, "event_id": outcome.event_id})
    else:
        console().print(f"{user_id}: {fresh} (for one sign-in; {outcome.event_id})", markup=False)


def enrol(
    station_id: StationId,
    facility: Annotated[str, typer.Option(help="F1 to F4")],
    device_class: Annotated[str, typer.Option("--device", help="CALEA_STATION, NYPD_PED, …")] = "CALEA_STATION",
    certificate: Annotated[
        Path | None,
        typer.Option(help="the station's certificate (PEM); a token is made when not given", dir_okay=False),
    ] = None,
    by: By = "lund",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Enrol a station: by its client certificate, or by a token that a browser exchanges under /station."""
    fingerprint = "" if certificate is None else _fingerprint(certificate)
    outcome, fresh = enrol_station(data, station_id, facility, device(device_class), by, fingerprint)
    if not outcome.answer.allowed:
        raise typer.Exit(show_outcome(outcome, as_json))
    if as_json:
        print_json({"station_id": station_id, "facility": facility, "token": fresh, "event_id": outcome.event_id})
    elif fresh:
        console().print(f"{station_id} at {facility}: {fresh} (for one browser, under /station)", markup=False)
    else:
        console().print(f"{station_id} at {facility}: by its certificate", markup=False)


def revoke(
    station_id: StationId, by: By = "lund", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """End a station; whoever is signed in there is out."""
    outcome, was = revoke_station(data, station_id, by)
    if outcome.answer.allowed and not was:
        raise ConfigError(f"There is no station {station_id}: `calea-lab station show` lists them.")
    raise typer.Exit(show_outcome(outcome, as_json))


def show(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List stations."""
    found = [
        {
            "station_id": one.station_id,
            "facility": one.facility,
            "device": str(one.device_class),
            "known_by": "certificate" if one.certificate_sha256 else "token",
            "enrolled": iso(one.enrolled_us),
            "enrolled_by": one.enrolled_by,
            "revoked": None if one.revoked_us is None else iso(one.revoked_us),
        }
        for one in known_stations(data)
    ]
    if as_json:
        print_json(found)
        return
    columns = ("station_id", "facility", "device", "known_by", "enrolled", "enrolled_by", "revoked")
    table("Stations", columns, [tuple(one[name] or "-" for name in columns) for one in found], console())


def _fingerprint(path: Path) -> str:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is no certificate in PEM: {error}.") from error
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()
