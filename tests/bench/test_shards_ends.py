"""What `bench.shards` started is ended, also when only a part of it came up, or when it was told to end."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from bench import shards
from bench.shards import KINDS, Collectors
from lab.ordeal.shards import Database
from mediation.runtime.config import NotReadyError


class _Database:
    def fresh(self) -> str:
        return "postgresql://nobody/there"


class _Fleet:
    """Shards that only say what was done to them; the third does not come up."""

    peers: tuple[()] = ()
    names = ("shard-1",)
    said: list[str]
    fault: BaseException

    def __init__(self, root: Path, *_: object) -> None:
        self.number = int(root.name)

    def start(self, name: str) -> None:
        if self.number == 2:
            raise self.fault
        self.said.append(f"{self.number} started")

    def stop(self) -> None:
        self.said.append(f"{self.number} stopped")


@pytest.mark.parametrize("fault", [NotReadyError("no"), SystemExit(143), KeyboardInterrupt()])
def test_those_that_came_up_before_one_that_did_not_are_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    said: list[str] = []
    monkeypatch.setattr(_Fleet, "said", said, raising=False)
    monkeypatch.setattr(_Fleet, "fault", fault, raising=False)
    monkeypatch.setattr(shards, "Fleet", _Fleet)
    collectors = Collectors(tmp_path, KINDS["apart"], cast(Database, _Database()))
    with pytest.raises(type(fault)), collectors:
        pass
    assert said[:2] == ["0 started", "1 started"] and said[2:] == [f"{number} stopped" for number in range(4)]


@pytest.fixture
def signals() -> Iterator[None]:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.usefixtures("signals")
def test_told_to_end_while_a_database_starts_it_ends_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    class Started:
        def __init__(self, _: Path) -> None: ...

        def __enter__(self) -> Any:
            said.append("started")
            signal.raise_signal(signal.SIGTERM)
            raise AssertionError("it was told to end")

        def __exit__(self, *_: object) -> None: ...

        def stop(self) -> None:
            signal.raise_signal(signal.SIGTERM)
            said.append("stopped")

    monkeypatch.setattr(shards, "Database", Started)
    monkeypatch.setattr(shards, "require_compiled", lambda: None)
    monkeypatch.setattr("sys.argv", ["shards"])
    with pytest.raises(SystemExit) as ended:
        shards.main()
    assert ended.value.code == 128 + signal.SIGTERM and said == ["started", "stopped"]
