"""`calea-lab train list | start | status | inject | pause | resume | speed | mark | rewind | score | review | stop`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from lab.cli_console import console_url
from lab.kernels import require_compiled
from lab.output import DataOption, JsonOption, banner, console, print_json, table
from lab.scenario.catalogue import shipped
from lab.stack import Stack
from lab.times import iso
from lab.training import trainer
from lab.training.after_action import table as moments_table
from lab.training.marking import sheets
from lab.training.opening import Ticket, open_class
from lab.training.room import Class, Room
from lab.training.sheet import Sheet, as_csv, as_html, as_pdf, lines_table
from lab.training.sheet import as_json as sheet_json
from mediation.runtime.config import ConfigError

DEFAULT_CLASS = Path("var-class")
TraineeOption = Annotated[str, typer.Option("--trainee", help="one of the class; all when not given")]
ByOption = Annotated[str, typer.Option("--by", help="who does it; on record")]
RunOption = Annotated[
    int | None, typer.Option("--run", min=1, help="an earlier run of the class; the present one when not given")
]
EXIT_CHECKS_FAILED = 1


def listing(as_json: JsonOption = False) -> None:
    """The scenarios that a class can play."""
    found = [one for one in (source.load() for source in shipped().values()) if one.training and one.scoring]
    if as_json:
        print_json([{"id": one.id, "title": one.title, "role": one.training and one.training.role} for one in found])
        return
    rows = [(one.id, one.training.role if one.training else "", one.title) for one in found]
    table("Classes", ("scenario", "trainees are", "title"), rows, console())


def start(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="as `train list` has it, or a file")],
    trainee: Annotated[
        list[str] | None, typer.Option(help="a trainee's id; repeatable; one is made up when not given")
    ] = None,
    speed: Annotated[
        str, typer.Option(help="of the clock: so many times as fast as real time, or max: it stands between the cards")
    ] = "1",
    data: DataOption = DEFAULT_CLASS,
    as_json: JsonOption = False,
) -> None:
    """Begin a class: a console for the trainees, one for the trainer, the lab in every other role."""
    require_compiled()
    room = Room(data)
    from lab.cli import build

    held, tickets = open_class(room, scenario, tuple(trainee or ()), speed_of(speed), build)
    account = trainer.make_trainer(room)
    out = console()
    if not as_json:
        banner(out)
        out.print(f"{held.scenario}: the run's processes and the trainer's start", markup=False)
    found = trainer.start(room)
    run = Stack.load(room.run(held.run))
    card = {
        "simulation": True,
        "scenario": held.scenario,
        "data": str(data),
        "trainer": {"console": trainer.address(room, found), **account._asdict()},
        "console": console_url(run),
        "ca": str(run.paths.ca / "ca.pem"),
        "trainees": [one._asdict() for one in tickets],
    }
    if as_json:
        print_json(card)
    else:
        _show_card(card, held, tickets, data)


def _show_card(card: dict[str, Any], held: Class, tickets: list[Ticket], data: Path) -> None:
    out = console()
    rows = [(one.user_id, one.password, one.station_id, one.facility, one.station_token) for one in tickets]
    columns = (
        "trainee",
        "one-time password",
        "station",
        "facility",
        "the station's token, for /station in their browser",
    )
    table("Trainees: fictional people", columns, rows, out)
    out.print(f"trainees' console {card['console']}", markup=False)
    out.print(
        f"trainer's console {card['trainer']['console']} (user {card['trainer']['user_id']}, one-time password "
        f"{card['trainer']['password']})",
        markup=False,
    )
    out.print(f"CA {card['ca']}", markup=False)
    briefing = held.story_of(held.trainees[0]).briefing.strip()
    out.print(f"\nBriefing for {held.trainees[0].user_id}\n{briefing}\n", markup=False)
    out.print(f"Next: calea-lab train status --data {data}; … score; … stop", markup=False)


def speed_of(text: str) -> float | Literal["max"]:
    if text == "max":
        return "max"
    try:
        value = float(text)
    except ValueError:
        raise ConfigError(f"--speed {text!r} is max, or a number such as 1 or 60.") from None
    if not 0 < value <= 10_000:
        raise ConfigError(f"--speed {text}: a number from above 0 to 10000, or max.")
    return value


def status(data: DataOption = DEFAULT_CLASS, as_json: JsonOption = False) -> None:
    """The class as it goes."""
    said = trainer.state(trainer.running(Room(data)))
    _show(said, as_json)


def inject(
    card: Annotated[str, typer.Argument(metavar="CARD")],
    trainee: TraineeOption = "",
    by: ByOption = "command",
    data: DataOption = DEFAULT_CLASS,
    as_json: JsonOption = False,
) -> None:
    """Play a card, and wait until it is played."""
    room = Room(data)
    held = room.load()
    held.story_of(held.trainees[0]).card(card)
    if trainee:
        held.trainee(trainee)
    _asked(room, "/inject", {"card": card, "trainee": trainee, "by": by}, as_json)


def pause(by: ByOption = "command", data: DataOption = DEFAULT_CLASS, as_json: JsonOption = False) -> None:
    """The run's clock stands, and nobody is answered, until `resume`."""
    _asked(Room(data), "/pause", {"by": by}, as_json)


def resume(by: ByOption = "command", data: DataOption = DEFAULT_CLASS, as_json: JsonOption = False) -> None:
    """Go on where it was paused."""
    _asked(Room(data), "/resume", {"by": by}, as_json)


def speed(
    value: Annotated[str, typer.Argument(metavar="SPEED", help="max, or so many times as fast as real time")],
    by: ByOption = "command",
    data: DataOption = DEFAULT_CLASS,
    as_json: JsonOption = False,
) -> None:
    """How fast the run's clock goes."""
    _asked(Room(data), "/speed", {"speed": speed_of(value), "by": by}, as_json)


def mark(
    name: Annotated[str, typer.Argument(metavar="MARK", help="small letters, digits, hyphens")],
    by: ByOption = "command",
    data: DataOption = DEFAULT_CLASS,
    as_json: JsonOption = False,
) -> None:
    """Keep the class as it is now, to be gone back to."""
    _asked(Room(data), "/mark", {"mark": name, "by": by}, as_json)


def rewind(
    name: Annotated[str, typer.Argument(metavar="MARK")],
    by: ByOption = "command",
    data: DataOption = DEFAULT_CLASS,
    as_json: JsonOption = False,
) -> None:
    """Go back to a mark: a new run begins from it, the one before is kept, and both ledgers say so."""
    room = Room(data)
    room.load().mark(name)
    _asked(room, "/rewind", {"mark": name, "by": by}, as_json)


def score(
    trainee: TraineeOption = "",
    run: RunOption = None,
    data: DataOption = DEFAULT_CLASS,
    as_json: JsonOption = False,
) -> None:
    """Points from the signed ledgers alone. Exit code 1 when somebody has not passed, 4 when a ledger was changed."""
    room = Room(data)
    found = sheets(room, room.load(), run, trainee)
    if as_json:
        print_json({"simulation": True, "sheets": [sheet_json(one) for one in found]})
    else:
        for one in found:
            _show_table(one)
    raise typer.Exit(0 if all(one.passed for one in found) else EXIT_CHECKS_FAILED)


def review(
    trainee: TraineeOption = "",
    run: RunOption = None,
    out: Annotated[
        Path | None, typer.Option(help="where the sheets go; DATA/review when not given", file_okay=False)
    ] = None,
    data: DataOption = DEFAULT_CLASS,
    as_json: JsonOption = False,
) -> None:
    """The sheets as HTML, PDF and CSV, with the answer key beside what was done."""
    room = Room(data)
    target = out or data / "review"
    written: list[str] = []
    for one in sheets(room, room.load(), run, trainee):
        target.mkdir(parents=True, exist_ok=True)
        for suffix, octets in (("html", as_html(one).encode()), ("pdf", as_pdf(one)), ("csv", as_csv(one).encode())):
            path = target / f"{one.stem}.{suffix}"
            path.write_bytes(octets)
            written.append(str(path))
        if not as_json:
            _show_table(one)
            made = moments_table(one.moments)
            table(made.caption, made.head, made.rows, console())
    if as_json:
        print_json({"simulation": True, "files": written})
    else:
        for name in written:
            console().print(name, markup=False)


def stop(data: DataOption = DEFAULT_CLASS, as_json: JsonOption = False) -> None:
    """End the class. What it recorded stays, and can be scored and reviewed."""
    was = trainer.stop(Room(data))
    if as_json:
        print_json({"simulation": True, "ended": was})
    else:
        console().print("The class has ended." if was else "No class was going on.", markup=False)


def _asked(room: Room, path: str, body: dict[str, Any], as_json: bool) -> None:
    _show(trainer.ask(trainer.running(room), path, body), as_json)


def _show(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(said)
        return
    pace = "stands between the cards" if said["speed"] == "max" else f"{said['speed']:g} times as fast as real time"
    rows = [
        ("state", f"{said['state']}{', paused' if said['paused'] else ''}"),
        ("the run's clock", f"{iso(said['now_us'])}, {pace}"),
        ("run", said["run"]),
        ("being played", said["busy"] or "-"),
        ("played", ", ".join(said["played"]) or "-"),
        ("marks", ", ".join(one["name"] for one in said["marks"])),
    ]
    table(f"{said['scenario']}: {', '.join(said['trainees'])}", ("", ""), rows, console())
    for one in said["failed"]:
        console().print(f"{one['card']} did not come about: {one['why']}", markup=False)


def _show_table(sheet: Sheet) -> None:
    made = lines_table(sheet)
    table(made.caption, made.head, made.rows, console())
