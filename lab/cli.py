"""The command `calea-lab`: which commands there are, and what their failures mean to a shell.

Exit codes: 0 pass, 1 checks failed, 2 usage or configuration, 3 environment not ready, 4 integrity failure,
130 interrupted. A failure a person meets is one sentence on standard error. Commands live in `lab/cli_*.py`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import typer

from asn1.errors import LabError
from lab import cli_access, cli_case, cli_case_act, cli_case_release, cli_desk, cli_grant, cli_user
from lab.cli_decode import decode
from lab.cli_demo import demo, replay
from lab.cli_doctor import doctor
from lab.cli_explain import explain
from lab.cli_order import create, extend, revoke, show
from lab.cli_order_acts import approve, deny, ended, export, import_, obtained, release, terminate
from lab.cli_order_check import check
from lab.cli_run import down, status, up
from lab.cli_scenario import lint, listing, run, schema
from lab.cli_verify import verify
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import EXIT_CONFIG, EXIT_INTEGRITY, EXIT_NOT_READY, IntegrityError

EXIT_INTERRUPTED = 130


def build() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        help="A simulated lawful-intercept stack: carrier, mediation function, collector. Fictional identities only.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for command in (demo, up, down, status, doctor, decode, replay, verify, explain):
        app.command()(command)
    order = typer.Typer(help="Court orders of the lab.", no_args_is_help=True)
    order.command()(create)
    order.command()(show)
    order.command()(extend)
    order.command()(revoke)
    order.command()(approve)
    order.command()(deny)
    order.command()(obtained)
    order.command()(ended)
    order.command()(terminate)
    order.command()(release)
    order.command()(export)
    order.command("import")(import_)
    order.command()(check)
    app.add_typer(order, name="order")
    scenario = typer.Typer(
        help="Stories with a known outcome, played through the real processes.", no_args_is_help=True
    )
    scenario.command("list")(listing)
    scenario.command()(lint)
    scenario.command()(run)
    scenario.command()(schema)
    app.add_typer(scenario, name="scenario")
    _add_desk(app)
    return app


def _add_desk(app: typer.Typer) -> None:
    app.command("may")(cli_access.may)
    app.command("grant")(cli_grant.grant)
    groups: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
        "desk": ("The desk: facilities, people present, time.", {
            "init": cli_desk.init, "enter": cli_desk.enter, "leave": cli_desk.leave, "tick": cli_desk.tick,
        }),
        "user": ("People and their duties.", {
            "add": cli_user.add, "show": cli_user.show, "transfer": cli_user.transfer,
            "suspend": cli_user.suspend, "train": cli_user.train,
        }),
        "request": ("Requests for access and their papers.", {
            "open": cli_grant.open_request, "check": cli_grant.check,
            "accept": cli_grant.accept, "refuse": cli_grant.refuse,
        }),
        "ticket": ("Tickets of vendors and integrity cases.", {
            "open": cli_grant.open_ticket, "approve": cli_grant.approve,
        }),
        "case": ("Orders behind their end: seal, hand-off, duties, disclosure.", {
            "seal": cli_case.seal, "hand-off": cli_case.hand_off, "close": cli_case.close,
            "duties": cli_case.duties, "destroy": cli_case.destroy, "act": cli_case_act.act,
            "copy": cli_case_release.copy, "disclose": cli_case_release.disclose,
            "incident": cli_case_release.incident, "disclosures": cli_case_release.disclosures,
        }),
        "audit": ("The desk's signed ledger.", {"show": cli_access.show, "verify": cli_access.verify}),
    }  # fmt: skip
    for name, (words, commands) in groups.items():
        group = typer.Typer(help=words, no_args_is_help=True)
        for verb, command in commands.items():
            group.command(verb)(command)
        app.add_typer(group, name=name)


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
        build()()
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
