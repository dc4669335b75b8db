"""A process that is a fork of what is loaded already is what `python -m` would have started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab import nursery, processes
from lab.paths import RunPaths
from lab.stack import Plan, Stack
from mediation.runtime.config import ConfigError


@pytest.fixture(autouse=True)
def born(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(nursery.WANTED, str(os.getpid()))


def test_programs_that_are_started_do_not_ask_for_it_themselves() -> None:
    assert nursery.wanted(os.environ) and not nursery.wanted({nursery.WANTED: str(os.getppid())})
    asking: dict[str, str] = {}
    nursery.want(asking)
    assert nursery.wanted(asking) and not nursery.wanted({})


def test_it_starts_answers_and_ends_in_a_session_and_a_directory_of_its_own(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    run.launch(["carrier_sim"])
    try:
        other = Stack.load(tmp_path / "var")
        (process,) = other.running.values()
        assert process.forked and other.alive == ("carrier_sim",)
        assert run.status("carrier_sim")["state"] == "hold"
        assert os.getsid(process.pid) == process.pid
        assert Path(f"/proc/{process.pid}/cwd").resolve() == Path(nursery.__file__).resolve().parent.parent
    finally:
        assert run.stop() == {"carrier_sim": True}
    assert not run.paths.ready("carrier_sim").exists() and not processes.alive(process)


def test_it_is_killed_as_by_a_power_cut_and_starts_again(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    run.launch(["carrier_sim"])
    first = run.running["carrier_sim"]
    try:
        run.kill("carrier_sim")
        assert not processes.alive(first)
        run.launch(["carrier_sim"])
        assert run.running["carrier_sim"].pid != first.pid
    finally:
        run.stop()


def test_its_own_sentence_and_exit_code_are_told(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    paths.config("carrier_sim").parent.mkdir()
    paths.config("carrier_sim").write_text("data_dir = [")
    with pytest.raises(ConfigError, match=r"carrier_sim did not start: .*carrier_sim\.toml"):
        processes.start("carrier_sim", paths)


def test_it_writes_where_it_was_told_and_dropped_before_its_word_it_leaves_nothing(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    loading = processes.Loading("carrier_sim", run.paths)
    try:
        words = Path(f"/proc/{loading._child.pid}/fd/1")
        assert processes.wait_for(lambda: words.resolve() == run.paths.last_words("carrier_sim").resolve(), 20)
    finally:
        loading.drop()
    assert loading._child.poll() == -signal.SIGKILL
    assert not run.paths.ready("carrier_sim").exists()


ASKS = """
import os, sys, time
from pathlib import Path
from lab import nursery
if __name__ == "__main__":
    nursery.want(os.environ)
    born = nursery.Born("http.server", ["0", "--bind", "127.0.0.1"], Path(sys.argv[1]), Path.cwd())
    print(born.pid, flush=True)
    time.sleep(600)
"""


def test_it_ends_with_who_asked_for_it_although_that_one_was_killed(tmp_path: Path) -> None:
    root, script = Path(nursery.__file__).resolve().parent.parent, tmp_path / "asks.py"
    script.write_text(ASKS)
    with subprocess.Popen(
        [sys.executable, script, tmp_path / "words"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    ) as asking:
        assert asking.stdout is not None
        born = Path(f"/proc/{int(asking.stdout.readline())}")
        assert born.exists()
        asking.kill()
    assert processes.wait_for(lambda: not born.exists(), 20)
