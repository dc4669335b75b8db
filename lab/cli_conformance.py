"""`calea-lab conformance list | run`: cases clause by clause, against our own stack or foreign equipment.

docs/conformance.md says what each role plays and how equipment is connected.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from lab.conformance import lemf, mf, ne
from lab.conformance.model import ETSI, EVIDENCE_WORDS, ROLES, US, Case, Result, Role, Run, Verdict
from lab.conformance.play import Foreign, Place, foreign_run, own_run
from lab.conformance.report import junit, page
from lab.conformance.seen import APDU
from lab.dialects import FORMS
from lab.output import JsonOption, banner, console, print_json, table
from mediation.runtime.closed import check_host
from mediation.runtime.config import EXPOSED_WORDS, ConfigError, Listen, TlsConfig

CASES: Final[dict[Role, tuple[Case[Any], ...]]] = {"lemf": lemf.CASES, "mf": mf.CASES, "ne": ne.CASES}
DIALECTS: Final = ETSI + US
CCC_FORMS: Final = (APDU, "4", "12", "20")
EXIT_FAILED: Final = 1
EVERY: Final = "all"
OWN_RUNS: Final[tuple[tuple[Role, str], ...]] = (
    *(("lemf", one) for one in DIALECTS), *(("mf", one) for one in DIALECTS), ("ne", "etsi"),
)  # fmt: skip
RoleOption = Annotated[
    str, typer.Option(help=f"what the peer is: {', '.join(ROLES)}; {EVERY}: our own, each role and dialect")
]
File = Annotated[Path | None, typer.Option(dir_okay=False)]


def listing(role: Annotated[str, typer.Option(help="of one role alone")] = "", as_json: JsonOption = False) -> None:
    """The cases there are, with their clauses and how those are known."""
    roles = ROLES if not role else (_role(role),)
    if as_json:
        print_json([
            {"id": one.id, "role": name, "title": one.title, "clause": one.clause, "evidence": one.evidence,
             "dialects": list(one.dialects), "fault": one.fault,
             "elsewhere": {dialect: known._asdict() for dialect, known in one.elsewhere.items()}}
            for name in roles for one in CASES[name]
        ])  # fmt: skip
        return
    for name in roles:
        rows = [(one.id, *_known(one), _spoken(one.dialects), one.fault or "-") for one in CASES[name]]
        heads = ("case", "known", "what has to hold", "clause", "dialects", "fault that it finds")
        table(f"Role {name}", heads, rows, console())
    console().print("; ".join(f"{letter}: {words}" for letter, words in EVIDENCE_WORDS.items()), markup=False)


def _known(case: Case[Any]) -> tuple[str, str, str]:
    """How its clause is known, its title, its clause: of all its dialects, each once and in their order."""
    found = [case.known(dialect) for dialect in case.dialects]
    evidence = dict.fromkeys(one.evidence for one in found)
    return " ".join(evidence), case.title, "; ".join(dict.fromkeys(one.clause for one in found))


def _spoken(dialects: tuple[str, ...]) -> str:
    return {DIALECTS: "all", US: "US"}.get(dialects, ", ".join(dialects))


def run(
    role: RoleOption,
    dialect: Annotated[str, typer.Option(help=", ".join(DIALECTS))] = "etsi",
    peer: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="foreign equipment; our own stack when not given")
    ] = "",
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="where we are for it: HI2 or CDC (mf), X2 and X3 (ne)")
    ] = "",
    listen_hi3: Annotated[
        str,
        typer.Option(metavar="HOST:PORT", help="HI3, where it has an address of its own; CCC (UDP) in a US dialect"),
    ] = "",
    ccc: Annotated[
        str, typer.Option(help="how content comes there: apdu, or 4, 12, 20 octets of header; the lab's own if blank")
    ] = "",
    exposed: Annotated[bool, typer.Option("--exposed", help="listen where other machines reach it")] = False,
    certificate: File = None,
    key: File = None,
    ca: File = None,
    liid: Annotated[str, typer.Option(help="an interception that a foreign LEMF knows")] = "CONF-1",
    target: Annotated[
        list[str] | None, typer.Option(metavar="LIID=NUMBER", help="what was ordered; repeatable")
    ] = None,
    metadata_only: Annotated[
        list[str] | None, typer.Option(metavar="LIID", help="of a pen register; repeatable")
    ] = None,
    ne_id: str = "ne-sim-1",
    admf_id: str = "admf-sim-1",
    wait_s: Annotated[float, typer.Option(help="how long foreign equipment may take to deliver something")] = 120.0,
    keepalive_s: Annotated[float, typer.Option(help="TIME1 of a foreign mediation function, and some more")] = 300.0,
    answer_s: Annotated[float, typer.Option(help="how long an answer of foreign equipment may take")] = 60.0,
    data: Annotated[Path, typer.Option("--data", help="where the run and its results lie", file_okay=False)] = Path(
        "var-conformance"
    ),
    junit_file: Annotated[Path | None, typer.Option("--junit", help="JUnit XML", dir_okay=False)] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="the matrix as one page", dir_okay=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Play the other end and judge the peer, case by case. Exit code 1 when a case fails, or none passes."""
    show = not as_json
    if show:
        banner(console())
    tell = _tell if show else (lambda _: None)
    if role == EVERY:
        if peer or listen:
            raise ConfigError(f"--role {EVERY} is for our own stack: leave out --peer and --listen.")
        runs = [own_run(one, spoken, data / "stack", data / f"{one}-{spoken}", tell) for one, spoken in OWN_RUNS]
    else:
        asked = _asked(role, dialect)
        out = data / f"{asked}-{dialect}"
        if peer or listen:
            foreign = Foreign(
                peer=_place("--peer", peer), listen=_listening("--listen", listen, exposed),
                listen_hi3=_listening("--listen-hi3", listen_hi3, exposed), tls=_tls(certificate, key, ca), liid=liid,
                ccc=_ccc(ccc, dialect),
                targets=tuple(map(_target, target or ())), metadata_only=tuple(metadata_only or ()), ne_id=ne_id,
                admf_id=admf_id, wait_s=wait_s, keepalive_s=keepalive_s, answer_s=answer_s,
            )  # fmt: skip
            _check(asked, foreign)
            runs = [foreign_run(asked, dialect, foreign, out, tell, _ask)]
        else:
            runs = [own_run(asked, dialect, data / "stack", out, tell)]
    name = EVERY if role == EVERY else f"{role}-{dialect}"
    _report(runs, junit_file or data / f"{name}.xml", html_file or data / f"{name}.html", show)
    if as_json:
        print_json(
            runs[0].as_json() if len(runs) == 1 else {"simulation": True, "runs": [one.as_json() for one in runs]}
        )
    raise typer.Exit(0 if all(one.ok for one in runs) else EXIT_FAILED)


def _asked(role: str, dialect: str) -> Role:
    """Raises ConfigError for what there are no cases of."""
    asked = _role(role)
    if dialect not in DIALECTS:
        raise ConfigError(f"--dialect {dialect} is not known: choose one of {', '.join(DIALECTS)}.")
    if asked == "ne" and dialect != "etsi":
        raise ConfigError(
            f"--role ne: X1, X2 and X3 are ETSI's whatever dialect ({dialect}) the handover has; leave out --dialect."
        )
    return asked


def _ccc(form: str, dialect: str) -> str:
    """Raises ConfigError for a form that the dialect does not have."""
    if dialect == "etsi":
        if form:
            raise ConfigError("--ccc: only the US dialects have CCC; leave it out, or give --dialect.")
        return APDU
    forms = CCC_FORMS if dialect != "pcesp" else CCC_FORMS[1:]
    if form and form not in forms:
        raise ConfigError(f"--ccc {form}: in {dialect} content comes as one of {', '.join(forms)}.")
    return form or FORMS[dialect]


def _report(runs: list[Run], junit_file: Path, html_file: Path, show: bool) -> None:
    for path, text in ((junit_file, junit(runs)), (html_file, page(runs))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for done in runs if show else ():
        counts = done.counts()
        said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
        console().print(f"{done.role} {done.dialect}, {done.peer}: {said} ({done.seconds:.1f} s)", markup=False)
    if show:
        console().print(f"matrix {html_file}; JUnit {junit_file}; exchanges beside them", markup=False)


_STYLES: Final = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "yellow"}


def _tell(one: Result) -> None:
    line = f"{one.case.id:12} {one.verdict:14} {one.case.title}: {one.finding.says}"
    console().print(line, style=_STYLES.get(one.verdict), markup=False)


def _ask(words: str) -> None:
    sys.stderr.write(f"{words}.\n")


def _role(name: str) -> Role:
    if name not in get_args(Role):
        raise ConfigError(f"--role {name} is not known: choose one of {', '.join(ROLES)}.")
    return name  # type: ignore[return-value]  # it is one of them


def _check(role: Role, foreign: Foreign) -> None:
    """Whether everything was said that the role needs. Raises ConfigError."""
    if role in ("lemf", "ne") and foreign.peer is None:
        raise ConfigError(f"--role {role}: say with --peer where the equipment is.")
    if role in ("mf", "ne") and foreign.listen is None:
        raise ConfigError(f"--role {role}: say with --listen where we are to be for it.")
    if role == "ne" and not foreign.targets:
        raise ConfigError("--role ne: say with --target X=NUMBER whom the element is to be tasked for.")


def _place(option: str, text: str) -> Place | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise ConfigError(f"{option} {text}: write HOST:PORT.")
    try:
        return check_host(host), int(port)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}.") from error


def _listening(option: str, text: str, exposed: bool) -> Place | None:
    place = _place(option, text)
    if place is not None:
        try:
            Listen.model_validate(
                {"host": place[0], "port": place[1], **({"exposed": EXPOSED_WORDS} if exposed else {})}
            )
        except ValueError as error:
            raise ConfigError(f"{option} {text} is not loopback; add --exposed if that is meant.") from error
    return place


def _tls(certificate: Path | None, key: Path | None, ca: Path | None) -> TlsConfig | None:
    if certificate is None and key is None and ca is None:
        return None
    if certificate is None or key is None or ca is None:
        raise ConfigError("TLS needs --certificate, --key and --ca together; without them the link goes without TLS.")
    return TlsConfig(certificate=certificate, key=key, ca=ca)


def _target(text: str) -> tuple[str, str]:
    liid, _, number = text.partition("=")
    if not liid or not number.lstrip("+").isdigit():
        raise ConfigError(f"--target {text}: write LIID=NUMBER.")
    return liid, number
