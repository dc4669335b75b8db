"""What every process of the lab does around its own work: logging, ready file, signals, exit codes.

A process's own work is one coroutine, `main(config, ready, stop)`: it calls `ready` with its ports when it listens and
returns soon after `stop` is set.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from asn1.errors import LabError, LocalError
from mediation.runtime.config import ConfigError, M, load_config
from mediation.runtime.disk import advice
from mediation.runtime.logs import configure_logs, get_logger
from mediation.runtime.open_files import raise_open_files

EXIT_OK = 0
EXIT_CONFIG = 2
EXIT_NOT_READY = 3
EXIT_INTEGRITY = 4

ReadyFn = Callable[[Mapping[str, int]], None]
Main = Callable[[M, ReadyFn, asyncio.Event], Awaitable[None]]


class IntegrityError(LocalError):
    """Stored state contradicts itself or a pinned checkpoint. Exit code 4."""


def write_ready(directory: Path, ports: Mapping[str, int]) -> None:
    """Write `ready.json` by temporary name and rename, so that a reader never sees half of it."""
    directory.mkdir(parents=True, exist_ok=True)
    temporary = directory / ".ready.json.tmp"
    temporary.write_text(json.dumps({"pid": os.getpid(), "ports": dict(ports)}))
    temporary.replace(directory / "ready.json")


async def _run(main: Main[M], config: M, directory: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await main(config, lambda ports: write_ready(directory, ports), stop)
    finally:
        (directory / "ready.json").unlink(missing_ok=True)


def run_process(
    name: str, model: type[M], main: Main[M], directory_of: Callable[[M], Path], argv: list[str] | None = None
) -> int:
    """Parse `--config FILE [--log FILE] [--hold]`, run `main`, return the exit code. Errors a person meets are one
    sentence."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--log", type=Path, default=None, help="log file (JSON lines); standard error when not given")
    parser.add_argument("--hold", action="store_true", help="begin only when standard input brings a line")
    arguments = parser.parse_args(argv)
    if arguments.hold and not sys.stdin.readline():
        sys.stderr.write("Whoever started this process ended before it could begin. Start it again.\n")
        return EXIT_NOT_READY
    try:
        configure_logs(name, arguments.log)
    except OSError as error:
        sys.stderr.write(f"Cannot write the log {arguments.log}: {error.strerror}. Give another file to --log.\n")
        return EXIT_NOT_READY
    log = get_logger(name)
    raise_open_files()
    try:
        config = load_config(arguments.config, model)
        asyncio.run(_run(main, config, directory_of(config)))
    except ConfigError as error:
        log.error("config", message=str(error))
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIG
    except IntegrityError as error:
        log.error("integrity", message=str(error))
        sys.stderr.write(f"{error}\n")
        return EXIT_INTEGRITY
    except LabError as error:
        log.error("not_ready", message=str(error))
        sys.stderr.write(f"{error}\n")
        return EXIT_NOT_READY
    except OSError as error:
        if error.filename:
            sentence = f"Cannot use {error.filename}: {error.strerror}. {advice(error)}"
        else:
            sentence = f"The system refused: {error.strerror or error}. Mend that and start again."
        log.error("not_ready", message=sentence)
        sys.stderr.write(f"{sentence}\n")
        return EXIT_NOT_READY
    return EXIT_OK
