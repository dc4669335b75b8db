"""`calea-lab up | down | status`: a run that stays, looked at and ended from other shells."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from collector.config import FleetConfig
from lab.agency.stack import Agency
from lab.cli_console import console_url, seeded, show_seeded
from lab.control import ControlError
from lab.dialects import USUAL
from lab.faults.client import PROCESS as FAULTS
from lab.kernels import require_compiled
from lab.output import DEFAULT_DATA, DataOption, JsonOption, banner, console, print_json, table
from lab.stack import PORT_NAMES, Plan, Stack, real_time
from mediation.runtime.closed import check_host
from mediation.runtime.config import ConfigError, NotReadyError
from mediation.runtime.process import EXIT_NOT_READY

PORTS = len(PORT_NAMES) + len(USUAL)
MORE_PORTS = len(Plan(faults=True, dialects=USUAL).port_names) - PORTS
PortBase = Annotated[
    int | None,
    typer.Option(help=f"first of {PORTS} ports in a row ({MORE_PORTS} more with --faults); free ports when not given"),
]
ShardsOption = Annotated[
    int, typer.Option("--shards", help="how many collectors; several share one PostgreSQL (docs/scale.md)")
]
FleetDatabaseOption = Annotated[
    str,
    typer.Option(
        "--fleet-database", metavar="URL", help="with --shards: a PostgreSQL that is there, not one of the run's own"
    ),
]
SignerOption = Annotated[bool, typer.Option("--signer", help="a process of its own has the collector's signing key")]
TlsOption = Annotated[bool, typer.Option("--tls", help="HI2 and HI3 over TLS, both sides with certificates")]


def up(
    data: DataOption = DEFAULT_DATA,
    port_base: PortBase = None,
    tls: TlsOption = False,
    console_host: Annotated[
        str, typer.Option(help="this machine's address in the lab's network, to reach the console from other machines")
    ] = "",
    training: Annotated[
        bool, typer.Option("--training", help="make accounts with one-time passwords, and stations, and print them")
    ] = False,
    signer: SignerOption = False,
    faults: Annotated[
        bool, typer.Option("--faults", help="put the fault proxy on every handover link (calea-lab fault …)")
    ] = False,
    shards: ShardsOption = 1,
    fleet_database: FleetDatabaseOption = "",
    around: Annotated[
        bool, typer.Option("--agency", help="with the systems around: recorders and what else docs/agency.md has")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start carrier, mediation function, collector, reconciler, desk, witness and console, and print how to connect to
    them."""
    require_compiled()
    if (data / "run.json").exists():
        living = Stack.load(data).alive
        if living:
            raise NotReadyError(
                f"A run in {data} is up ({', '.join(living)}): end it with `calea-lab down --data {data}`."
            )
    out = console()
    stack = Stack(data)
    check_database(fleet_database, shards)
    stack.prepare(
        Plan(
            clock=real_time(),
            carrier={"start": "now"},
            port_base=port_base,
            tls=tls,
            reconcile=True,
            shards=shards,
            fleet_database=fleet_database,
            desk=True,
            witness=True,
            console=True,
            console_host=_inside(console_host),
            signer=signer,
            agency=Agency() if around else None,
            faults=faults,
            dialects=USUAL,
        )
    )
    if not as_json:
        banner(out)
    stack.launch(progress=lambda name: None if as_json else out.print(f"starting {name}"))
    card = connection_card(stack, tls)
    made = seeded(data) if training else {}
    if as_json:
        print_json(card | made)
        return
    _show_card(card, data, out)
    if made:
        show_seeded(made)


def _inside(host: str) -> str:
    """An address of the closed network. Raises ConfigError (R-078)."""
    if not host:
        return ""
    try:
        return check_host(host)
    except ValueError as error:
        raise ConfigError(f"--console-host: {error}.") from error


def connection_card(stack: Stack, tls: bool) -> dict[str, Any]:
    """Everything a person needs to replace a leg by real equipment."""
    paths = stack.paths
    configs = {name: str(paths.config(name)) for name in stack.running}
    first = stack.collectors[0]
    listeners = {
        f"{name} {listener}": f"127.0.0.1:{port}"
        for name, process in stack.running.items()
        for listener, port in process.ports.items()
    }
    return {
        "simulation": True,
        "data": str(paths.data),
        "dialects": {"hi2": "etsi", "hi3": "etsi"} | {f"{kind}-{one}": one for one in USUAL for kind in ("cdc", "ccc")},
        "listeners": listeners,
        "tls": tls,
        "ca": str(paths.ca / "ca.pem"),
        "console": console_url(stack),
        "court_public_key": str(stack.court.public_key_path),
        "configs": configs,
        "pids": {name: process.pid for name, process in stack.running.items()},
        **({"fleet": _fleet_card(stack)} if len(stack.collectors) > 1 else {}),
        "replace": {
            "carrier": f"stop carrier_sim; point x1_url in {configs['mediation']} at the element's X1 server, "
            "and let it deliver X2 and X3 to the mediation function's listeners above",
            "mediation function": "stop mediation; connect the delivery function to the collector's HI2 and HI3 "
            "listeners above (ETSI TS 102 232-1, PS-PDU over TCP; with tls: certificates signed by the CA above)",
            "collector": f"stop {first}; write the other LEMF's addresses into hi2 and hi3 in {configs['mediation']} "
            "and start it again with `python -m mediation --config …`",
            **(_faults_leg(stack) if FAULTS in stack.running else {}),
        },
    }


def _fleet_card(stack: Stack) -> dict[str, Any]:
    """What is different with several collectors."""
    return {
        "collectors": list(stack.collectors),
        "links": "any collector's HI2 and HI3 take any stream; who delivers goes to the next when one is gone",
        "records": "have the number of their collector before their own: 2-17 is record 17 of collector-2",
    }


def check_database(url: str, shards: int) -> None:
    """Raises ConfigError for one that no fleet could share."""
    if not url:
        return
    if shards == 1:
        raise ConfigError("--fleet-database is shared by several collectors: say --shards as well.")
    try:
        FleetConfig(database_url=url, shard="collector-1")
    except ValidationError as error:
        raise ConfigError(f"--fleet-database: {error.errors()[0]['msg']}.") from error


def _faults_leg(stack: Stack) -> dict[str, str]:
    """Where foreign equipment finds the fault proxy."""
    config = stack.paths.config(FAULTS)
    links = ", ".join(
        f"{name} at 127.0.0.1:{port}" for name, port in stack.running[FAULTS].ports.items() if name != "control"
    )
    return {
        "a link, with faults": f"a foreign delivery function connects to the proxy instead of the collector: {links}; "
        f"for a foreign LEMF write its address as `to` of the link in {config} and start again with "
        "`python -m lab.faults --config …`. Then: calea-lab fault add KIND --link …"
    }


def _show_card(card: dict[str, Any], data: Path, out: Console) -> None:
    rows = [(name, address, "") for name, address in card["listeners"].items()]
    table("Connection card", ("listener", "address", ""), rows, out)
    out.print(f"dialect etsi (TS 102 232) on HI2 and HI3, TLS {'on' if card['tls'] else 'off'}; CA {card['ca']}")
    out.print(f"US dialects {', '.join(USUAL)}: call data over TCP, content over UDP; `order create --dialect …`")
    out.print(f"console {card['console']} (accounts: calea-lab console users --data {data})", markup=False)
    for what, sentence in card.get("fleet", {}).items():
        out.print(f"{what}: {', '.join(sentence) if isinstance(sentence, list) else sentence}", markup=False)
    out.print("To replace a leg by real equipment:")
    for leg, how in card["replace"].items():
        out.print(f"  {leg}: {how}", markup=False)
    out.print(
        f"Next: calea-lab order create --data {data} …; calea-lab status --data {data}; calea-lab down --data {data}",
        markup=False,
    )


def down(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """End the run of a data directory. What it stored stays."""
    stack = Stack.load(data)
    living = stack.alive
    ended = stack.stop()
    result = {
        name: "was not running" if name not in living else "ended" if went else "had to be killed"
        for name, went in ended.items()
    }
    if as_json:
        print_json(result)
    else:
        for name, what in result.items():
            console().print(f"{name} {what}")


def status(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """What every process of the run says of itself. Exit code 3 when one does not answer."""
    stack = Stack.load(data)
    answers: dict[str, dict[str, Any]] = {}
    missing = []
    for name in stack.running:
        try:
            answers[name] = stack.status(name) if name in stack.alive else {}
        except ControlError as error:
            answers[name] = {"error": str(error)}
        if not answers[name] or "error" in answers[name]:
            missing.append(name)
    if as_json:
        print_json({"run": str(data), "not_answering": missing, "processes": answers})
    else:
        out = console()
        banner(out)
        for name, answer in answers.items():
            if name in missing:
                log = stack.paths.log(name)
                table(f"{name}: does not answer", ("", ""), [("last words", f"see {log}")], out)
            else:
                table(f"{name}: pid {stack.running[name].pid}", ("", ""), list(_flat(answer)), out)
    raise typer.Exit(EXIT_NOT_READY if missing else 0)


def _flat(answer: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in answer.items():
        if isinstance(value, dict) and value:
            rows += _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for one in value:
                (_, named), *rest = one.items()
                rows += _flat(dict(rest), f"{prefix}{key}.{named}.")
        elif value not in ({}, [], None):
            rows.append((f"{prefix}{key}", str(value)))
    return rows
