"""The console as a process of its own: ready file, status, a page, a clean end; a sentence when it cannot begin."""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from lab import toml
from tests.collector.console.world import config_of
from tests.commands import answered

ROOT = Path(__file__).resolve().parents[3]


def write_config(root: Path, template: Path, **changes: Any) -> Path:
    values = config_of(root, template).model_dump(exclude_defaults=True, mode="json") | changes
    path = root / "console.toml"
    path.write_text(toml.dumps(values))
    return path


def start(config: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "collector.console", "--config", str(config)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def test_it_begins_serves_and_ends(tmp_path: Path, template: tuple[Path, int]) -> None:
    made, _ = template
    for part in ("desk", "pins"):
        shutil.copytree(made / part, tmp_path / part)
    child, ready = start(write_config(tmp_path, made)), tmp_path / "console" / "ready.json"
    try:
        until = time.monotonic() + 30
        while not ready.exists() and child.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        ports = json.loads(ready.read_text())["ports"]
        with urllib.request.urlopen(f"http://127.0.0.1:{ports['control']}/status", timeout=5) as answer:
            assert json.loads(answer.read())["simulation"] is True
        context = ssl.create_default_context(cafile=str(made / "ca" / "ca.pem"))
        with urllib.request.urlopen(f"https://localhost:{ports['https']}/sign-in", context=context, timeout=5) as page:
            assert b"SIMULATION" in page.read()
    finally:
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=20)
    assert child.returncode == 0, said.decode()
    assert not ready.exists()


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"listen": {}}, 2, "with tls"),
        ({"password": "x"}, 2, "R-089"),
        ({"desk": {"data_dir": "nowhere"}}, 3, "calea-lab desk init"),
    ],
)
def test_what_it_cannot_begin_with_is_one_sentence(
    tmp_path: Path, template: tuple[Path, int], changes: dict[str, Any], code: int, words: str
) -> None:
    config = write_config(tmp_path, template[0], **changes)
    ended = answered("collector.console", "--config", str(config))
    last = ended.stderr.strip().splitlines()[-1]
    assert (ended.returncode, words in last) == (code, True), ended.stderr
