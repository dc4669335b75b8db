"""Runs cases one after the other against one peer; whatever the peer does, every case gets a verdict and its files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

from asn1.errors import LabError
from lab.conformance.model import Case, Finding, Result, Verdict, does_not_apply, failed, unclear
from lab.conformance.tape import Files, Tape, write

CASE_S: Final = 60.0
"""A case that takes longer has met something that nobody thought of."""
FILES: Final = "exchanges"
W = TypeVar("W")
Tell = Callable[[Result], None]


async def run_cases(
    cases: Iterable[Case[W]], peer: W, tape: Tape, dialect: str, directory: Path, tell: Tell = lambda _: None,
    decoder: str = "", files: Callable[[Case[W]], Files] | None = None,
) -> tuple[Result, ...]:  # fmt: skip
    """`files`: those of a case, where they are not made of what was said during it; `decoder`: the dialect of what was
    said, where it is not that of the run."""
    results = []
    for case in cases:
        mark, began = len(tape.said), time.monotonic()
        finding = await _finding(case, peer, dialect)
        seconds = time.monotonic() - began
        made: Files = ("", "", ())
        if finding.verdict is not Verdict.NOT_APPLICABLE:
            said = tape.since(mark)
            made = write(directory / FILES, case.id, said, decoder or dialect) if files is None else files(case)
        result = Result(case, finding, seconds, *made)
        results.append(result)
        tell(result)
    return tuple(results)


async def _finding(case: Case[W], peer: W, dialect: str) -> Finding:
    if dialect not in case.dialects:
        return does_not_apply(f"a case of {', '.join(case.dialects)}")
    try:
        async with asyncio.timeout(CASE_S):
            return await case.check(peer)
    except TimeoutError:
        return failed("no answer came, or no connection was taken, in time")
    except OSError as error:
        return failed(f"no connection: {error.strerror or error}")
    except LabError as error:
        return unclear(f"what came could not be judged: {error}")
    except Exception as error:
        return unclear(f"the runner did not expect this: {type(error).__name__}: {error}")
