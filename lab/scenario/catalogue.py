"""The scenarios that come with the lab, by id: a file each, and a form more for every other dialect it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.scenario.model import Scenario
from lab.scenario.reading import load, read
from mediation.runtime.config import ConfigError

SHIPPED: Final = Path(__file__).resolve().parent.parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a scenario comes from: a file, and the letter of a form of it ("" for the file as it stands)."""

    path: Path
    letter: str = ""

    def load(self, trainee: tuple[str, int] | None = None) -> Scenario:
        """As it is for one trainee of a class (id, number), if one is given. Raises ConfigError with one sentence."""
        return load(self.path, self.letter, trainee)


def shipped() -> dict[str, Source]:
    """Every scenario of the lab, forms behind the file they are of."""
    return _by_id(sorted(SHIPPED.glob("SC-*.yaml")))


def _by_id(paths: Iterable[Path]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for path in paths:
        found[path.stem] = Source(path)
        found |= {f"{path.stem}{letter}": Source(path, letter) for letter in sorted(read(path).get("forms") or {})}
    return found


def find(which: str) -> Source:
    """By id of one that is shipped, else by the name of a file. Raises ConfigError when there is neither."""
    # A form's id begins with its file's: the other files need not be read.
    known = _by_id(path for path in SHIPPED.glob("SC-*.yaml") if which.startswith(path.stem))
    if which in known:
        return known[which]
    if Path(which).is_file():
        return Source(Path(which))
    raise ConfigError(f"There is no scenario {which}: `calea-lab scenario list` names those that are shipped.")
