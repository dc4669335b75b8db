"""The command `calea-lab`: which commands there are, and what their failures mean to a shell.

Exit codes: 0 pass, 1 checks failed, 2 usage or configuration, 3 environment not ready, 4 integrity failure,
130 interrupted. A failure a person meets is one sentence on standard error. Commands live in `lab/cli_*.py`.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

import typer

from asn1.errors import LabError
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import EXIT_CONFIG, EXIT_INTEGRITY, EXIT_NOT_READY, IntegrityError

EXIT_INTERRUPTED = 130
_Place = TypeVar("_Place", str, "Group")


class Group(NamedTuple):
    words: str
    commands: Mapping[str, str]


def _of(module: str, *verbs: str) -> dict[str, str]:
    """Verbs whose functions have their names."""
    return {verb: f"lab.{module}:{verb}" for verb in verbs}


COMMANDS: Final[dict[str, str]] = {
    **_of("cli_demo", "demo"),
    **_of("cli_run", "up", "down", "status"),
    **_of("cli_inject", "inject"),
    **_of("cli_doctor", "doctor"),
    **_of("cli_decode", "decode"),
    **_of("cli_demo", "replay"),
    **_of("cli_verify", "verify"),
    **_of("cli_compare", "bundle", "diff"),
    **_of("cli_explain", "explain"),
    **_of("cli_access", "may"),
    **_of("cli_grant", "grant"),
}
"""Command to `module:function`, imported when it is called: the whole lab takes a second to load."""

GROUPS: Final[dict[str, Group]] = {
    "order": Group("Court orders of the lab.", {
        **_of("cli_order", "create", "show", "extend", "revoke"),
        **_of("cli_order_acts", "approve", "deny", "obtained", "ended", "terminate", "release", "export"),
        "import": "lab.cli_order_acts:import_",
        **_of("cli_order_check", "check"),
        **_of("cli_order_standing", "standing"),
    }),
    "scenario": Group("Stories with a known outcome, played through the real processes.", {
        "list": "lab.cli_scenario:listing",
        **_of("cli_scenario", "show", "lint", "schema", "new"),
        **_of("cli_scenario_run", "run"),
        **_of("cli_compare", "replay"),
    }),
    "fault": Group("Faults on purpose, on the links of a run (`up --faults`).", {
        "list": "lab.cli_fault:listing",
        **_of("cli_fault", "add", "show", "clear"),
    }),
    "conformance": Group("Clause by clause: a LEMF, a mediation function, a network element.", {
        "list": "lab.cli_conformance:listing",
        **_of("cli_conformance", "run"),
    }),
    "desk": Group("The desk: facilities, people present, time.", _of("cli_desk", "init", "enter", "leave", "tick")),
    "user": Group("People, their duties and passwords.", {
        **_of("cli_user", "add", "show", "transfer", "suspend", "train"),
        **_of("cli_console", "password"),
    }),
    "station": Group("Stations of the console.", _of("cli_console", "enrol", "revoke", "show")),
    "console": Group("The console of a run.", {"open": "lab.cli_console:open_", **_of("cli_console", "users")}),
    "request": Group("Requests for access and their papers.", {
        "open": "lab.cli_grant:open_request",
        **_of("cli_grant", "check", "accept", "refuse"),
    }),
    "ticket": Group("Tickets of vendors and integrity cases.", {
        "open": "lab.cli_grant:open_ticket",
        "approve": "lab.cli_grant:approve",
    }),
    "case": Group("Orders behind their end: seal, hand-off, duties, disclosure.", {
        "hand-off": "lab.cli_case:hand_off",
        **_of("cli_case", "seal", "close", "duties", "destroy"),
        **_of("cli_case_act", "act"),
        **_of("cli_case_release", "copy", "disclose", "incident", "disclosures"),
    }),
    "agency": Group("The systems around: recorders, record management, the hand-off.", {
        **_of("cli_agency", "install", "remove", "lend", "show", "records", "password", "look"),
        "hand-over": "lab.cli_agency:hand_over",
    }),
    "export": Group("What leaves the store as files.", _of("cli_export", "evidence")),
    "ca": Group("The offline root of the collector's ledgers.", {
        "root": "lab.cli_ca:public_root",
        **_of("cli_ca", "rollover", "show"),
    }),
    "bench": Group("How much a collector takes, with every record gated, signed and durable.", {
        **_of("cli_bench", "run"),
        "search": "lab.cli_bench_search:search_",
        **_of("cli_bench_compare", "compare", "report"),
    }),
    "train": Group("Classes: trainees at the console, the lab in every other role, scores from the audit.", {
        "list": "lab.cli_train:listing",
        **_of("cli_train", "start", "status", "inject", "pause", "resume", "speed", "mark", "rewind", "score",
              "review", "stop"),
    }),
    "audit": Group("The desk's signed ledger.", _of("cli_audit", "show", "verify")),
}  # fmt: skip


def build(wanted: str | None = None) -> typer.Typer:
    """The application: with all its commands, or the one command or group that is wanted alone."""
    known = wanted in COMMANDS or wanted in GROUPS
    app = typer.Typer(
        help="A simulated lawful-intercept stack: carrier, mediation function, collector. Fictional identities only.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    # One command alone would be taken for the application itself.
    app.callback()(_alone)
    for name, place in _chosen(COMMANDS.items(), wanted if known else None):
        app.command(name)(_function(place))
    for name, group in _chosen(GROUPS.items(), wanted if known else None):
        made = typer.Typer(help=group.words, no_args_is_help=True)
        for verb, place in group.commands.items():
            made.command(verb)(_function(place))
        app.add_typer(made, name=name)
    return app


def _alone() -> None:
    """A simulated lawful-intercept stack: carrier, mediation function, collector. Fictional identities only."""


def _chosen(found: Iterable[tuple[str, _Place]], wanted: str | None) -> list[tuple[str, _Place]]:
    return [(name, one) for name, one in found if wanted in (None, name)]


def _function(place: str) -> Callable[..., None]:
    module, _, name = place.partition(":")
    function: Callable[..., None] = getattr(importlib.import_module(module), name)
    return function


def exit_code(error: LabError) -> int:
    if isinstance(error, IntegrityError):
        return EXIT_INTEGRITY
    return EXIT_NOT_READY if isinstance(error, NotReadyError) else EXIT_CONFIG


def _terminated(number: int, frame: object) -> None:
    """As Ctrl-C: what was started is ended before we go."""
    sys.exit(128 + number)


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminated)
    try:
        build(next(iter(sys.argv[1:]), None))()
    except LabError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(exit_code(error))
    except BrokenPipeError:
        # Who read our lines has gone; a second failure while Python closes standard output would only confuse.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'The system'}: {error.strerror}.\n")
        sys.exit(EXIT_NOT_READY)


if __name__ == "__main__":
    main()
