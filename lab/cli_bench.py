"""`calea-lab bench run`: a profile, as it is or changed by options, against a collector of its own or somebody else's.

Exit code 0 when every record is accounted for, 1 when not, 2 usage, 3 when the run could not be made. Results go to
`bench/results/` of the project's tree; what an option changed never goes under the profile's own name.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from lab.bench import profiles
from lab.bench.disk import sync_floor
from lab.bench.environment import environment_card
from lab.bench.panel import Panel
from lab.bench.peers import measure_peers
from lab.bench.profiles import Profile, Refusal
from lab.bench.result import file_name, put_together, rows, write_result
from lab.bench.run import Blind, Measured, Watch, measure, measure_foreign
from lab.cli_verify import check_store, find_store
from lab.kernels import ROOT, kernel_names, missing_kernels
from lab.output import DEFAULT_DATA, DataOption, JsonOption, banner, console, print_json, table
from mediation.runtime.closed import check_host
from mediation.runtime.config import ConfigError

EXIT_UNBALANCED = 1

ProfileArgument = Annotated[
    str | None, typer.Argument(metavar="[PROFILE]", help=f"one of {', '.join(profiles.PROFILES)}")
]
KindOption = Annotated[str | None, typer.Option(help="cc (content) or iri (signalling under pen registers)")]
OctetsOption = Annotated[int | None, typer.Option(help="octets of the content of a record, 20 to 60000")]
LiidsOption = Annotated[int | None, typer.Option(help="LIIDs under orders, 1 to 1000000")]
ConnectionsOption = Annotated[int | None, typer.Option(help="connections, 1 to 5000")]
TlsOption = Annotated[bool | None, typer.Option("--tls/--plain", help="TLS with certificates on both sides, or not")]
RefusedOption = Annotated[float | None, typer.Option(help="per cent of the records to be refused")]
RefusalOption = Annotated[list[Refusal] | None, typer.Option(help="why; repeatable; all in turn when not given")]
SecondsOption = Annotated[float | None, typer.Option(help="how long to send")]
RecordsOption = Annotated[int | None, typer.Option(help="how many records to send, instead of --seconds")]
EncryptionOption = Annotated[
    bool | None, typer.Option("--encryption/--no-encryption", help="whether the store encrypts at rest")
]
DateOption = Annotated[str | None, typer.Option(help="the day on the environment card; today when not given")]


def run(
    name: ProfileArgument = None,
    every: Annotated[bool, typer.Option("--all", help="every profile, one after another")] = False,
    dialect: Annotated[
        str | None, typer.Option(help="etsi, or t1678 with --kind iri: call data, without latency")
    ] = None,
    kind: KindOption = None,
    octets: OctetsOption = None,
    octets_of: Annotated[str | None, typer.Option(help="content, or record: what --octets counts")] = None,
    liids: LiidsOption = None,
    connections: ConnectionsOption = None,
    tls: TlsOption = None,
    refused: RefusedOption = None,
    refusal: RefusalOption = None,
    seconds: SecondsOption = None,
    records: RecordsOption = None,
    rate: Annotated[int | None, typer.Option(help="records a second, by a schedule that waits for nothing")] = None,
    flat_out: Annotated[bool, typer.Option("--flat-out", help="as much as the pipe takes, no schedule")] = False,
    flood: Annotated[int | None, typer.Option(help="with --rate: so many connections send flat out beside it")] = None,
    encryption: EncryptionOption = None,
    interpreted: Annotated[
        bool | None, typer.Option("--interpreted/--compiled", help="the collector's kernels from their sources")
    ] = None,
    peer: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="load this collector instead; its CPU stays unknown")
    ] = None,
    ca: Annotated[Path | None, typer.Option(help="with --peer --tls: directory of a lab CA (DATA/ca)")] = None,
    negotiate: Annotated[
        bool, typer.Option("--negotiate/--no-negotiate", help="with --peer: ask for PDU acknowledgement")
    ] = True,
    runs: Annotated[int, typer.Option(min=1, max=100, help="how often; the median is the result")] = 1,
    with_peers: Annotated[
        bool, typer.Option("--peers/--no-peers", help="also measure pyasn1, asn1tools and pycrate decoding the same")
    ] = True,
    verify: Annotated[bool, typer.Option("--verify", help="let the whole store be verified after each run")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="keep the run's directory under --data")] = False,
    out_file: Annotated[Path | None, typer.Option("--out", help="result file, or with --all a directory")] = None,
    date: DateOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Send a profile's records at a collector, and say what it took, what it cost and whether every record is there."""
    if every == (name is not None):
        raise ConfigError(f"Name one profile ({', '.join(profiles.PROFILES)}), or give --all.")
    changes = {
        "dialect": dialect, "kind": kind, "octets": octets, "octets_of": octets_of, "liids": liids,
        "connections": connections, "tls": tls, "refused_percent": refused,
        "refusals": tuple(refusal) if refusal else None, "seconds": seconds, "records": records, "rate_per_s": rate,
        "flood": flood, "encryption": encryption, "interpreted": interpreted,
    }  # fmt: skip
    chosen = list(profiles.PROFILES.values()) if every else [profiles.named(str(name))]
    if flat_out and rate is not None:
        raise ConfigError("Give --rate or --flat-out: each says at what pace to send.")
    if flat_out:
        chosen = [profiles.at_rate(one, None) for one in chosen]
    wanted = [profiles.changed(one, changes) for one in chosen]
    target = None if peer is None else Foreign(peer, ca, negotiate)
    out = console()
    if not as_json:
        banner(out)
    results = []
    for one in wanted:
        said = differences(one)
        result = _measured(one, said, target, runs, with_peers, verify, keep, date, data, None if as_json else out)
        where = _place(out_file, every, one.name, said | ({"peer": peer} if peer else {}), data)
        write_result(where, result)
        results.append(result)
        if not as_json:
            table(f"Benchmark {one.name}", ("", ""), rows(result), out)
            out.print(f"written: {where}", markup=False)
    if as_json:
        print_json(results if every else results[0])
    raise typer.Exit(0 if all(one["balanced"] for one in results) else EXIT_UNBALANCED)


class Foreign:
    """A collector that is not ours."""

    def __init__(self, peer: str, ca: Path | None, negotiate: bool) -> None:
        host, colon, port = peer.rpartition(":")
        if not colon or not port.isdigit() or not 0 < int(port) < 65536:
            raise ConfigError(f"--peer {peer} is no address: give HOST:PORT.")
        try:
            self.host = check_host(host.strip("[]"))
        except ValueError as error:
            raise ConfigError(f"--peer: {error}.") from error
        self.port = int(port)
        self.negotiate = negotiate
        self._ca = ca

    def tls(self, profile: Profile) -> dict[str, str] | None:
        if not profile.tls:
            return None
        if self._ca is None:
            raise ConfigError("--peer with TLS needs --ca: the directory with ca.pem, mediation.pem and mediation.key.")
        files = {"certificate": "mediation.pem", "key": "mediation.key", "ca": "ca.pem"}
        return {name: str((self._ca / file).resolve()) for name, file in files.items()}


def _measured(
    profile: Profile,
    changes: dict[str, Any],
    target: Foreign | None,
    runs: int,
    with_peers: bool,
    verify: bool,
    keep: bool,
    date: str | None,
    data: Path,
    out: Console | None,
) -> dict[str, Any]:
    card = card_of(profile, date) | ({} if target is not None else {"sync": sync_floor(data)})
    check: Callable[[Path], bool] | None = _verified if verify else None
    found: list[Measured] = []
    for _ in range(runs):
        with _panel(out) as watch:
            if target is None:
                found.append(measure(profile, data / "bench", watch, keep=keep, verify=check))
            else:
                tls = target.tls(profile)
                found.append(
                    measure_foreign(profile, data / "bench", target.host, target.port, watch, tls, target.negotiate)
                )
    peers = measure_peers(profile) if with_peers else {}
    return put_together(found, card, peers, changes)


class _Nothing(Blind):
    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _panel(out: Console | None) -> Panel | _Nothing:
    return _Nothing() if out is None else Panel(out)


def _verified(root: Path) -> bool:
    return check_store(find_store(root)).ok


def differences(profile: Profile) -> dict[str, Any]:
    """What options changed of it."""
    usual = profiles.PROFILES[profile.name].as_fields()
    return {name: value for name, value in profile.as_fields().items() if value != usual[name]}


def card_of(profile: Profile, date: str | None) -> dict[str, Any]:
    """The environment as it is now."""
    missing = set(missing_kernels())
    compiled = {name: name not in missing and not profile.interpreted for name in kernel_names()}
    return environment_card(date or time.strftime("%Y-%m-%d", time.gmtime()), compiled)


def results_directory(data: Path) -> Path:
    """Of the project's tree, where there is one."""
    results = ROOT / "bench" / "results"
    return results if results.is_dir() else data / "bench"


def _place(given: Path | None, every: bool, name: str, changes: dict[str, Any], data: Path) -> Path:
    file = file_name(name, changes)
    if given is not None:
        return given / file if every or given.is_dir() else given
    return results_directory(data) / file
