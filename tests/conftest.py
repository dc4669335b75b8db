"""Fixtures for what exists twice: each kernel compiled and, loaded from the same file, interpreted.

A test that takes `kernels` runs once with each set. The compiled set is never skipped: without it the tests would pass
on a machine that cannot do the main job.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from lab import nursery
from lab.postgres import Server, some_server
from mediation.runtime.config import NotReadyError
from tests.browser import Chromium, find_chromium

ROOT = Path(__file__).resolve().parent.parent

# How long an example takes says how busy the machine is. CI has the same from hypothesis's own profile.
settings.register_profile("lab", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
if settings.get_current_profile_name() == "default":
    settings.load_profile("lab")

# In the order of their imports of one another.
KERNELS = (
    "asn1.columns",
    "asn1.scan_ber",
    "asn1.scan_payload",
    "asn1.scan",
    "collector.stream_table",
    "collector.gate_columns",
    "collector.refused_columns",
    "collector.rows",
    "collector.intake",
)


def _source_module(name: str) -> ModuleType:
    """The module of that name loaded from its `.py`, whatever compiled file stands beside it."""
    path = ROOT / (name.replace(".", "/") + ".py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_interpreted(*names: str) -> dict[str, ModuleType]:
    """The modules loaded from source, each seeing the others so loaded; `sys.modules` is as before afterwards."""
    before = {name: sys.modules.get(name) for name in names}
    try:
        return {name: _source_module(name) for name in names}
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module


def _namespace(modules: dict[str, ModuleType]) -> SimpleNamespace:
    return SimpleNamespace(**{name.rsplit(".", 1)[1]: module for name, module in modules.items()})


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pins of the tests' stores never land in the home directory of whoever runs them."""
    home = tmp_path_factory.mktemp("state")
    os.environ["XDG_STATE_HOME"] = str(home)
    return home


@pytest.fixture(scope="session", autouse=True)
def forks() -> None:
    """A run's processes are forks of what is loaded once a worker: that halves what the scenarios cost. How a person's
    are started is tested by tests/lab/test_stack.py, and by every test that runs the command itself."""
    nursery.want(os.environ)


@pytest.fixture
def kept_port() -> Iterator[int]:
    """A port where nobody listens, and that nobody else is given: it is bound. Who listens as our processes do, with
    SO_REUSEADDR, may share it."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        yield int(kept.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The PostgreSQL server that answers here, or one made for this run; never skipped."""
    with some_server() as found:
        yield found


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Server:
    """The same. Skipped only where there is none and this run may not install it, and never in CI."""
    try:
        found: Server = request.getfixturevalue("server")
    except NotReadyError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """A real browser (tests/browser.py). Skipped only where there is none, and never in CI."""
    executable = find_chromium()
    if executable is None:
        reason = "no Chromium here: tools/browser.sh finds or installs one"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    browser = Chromium(executable)
    yield browser
    browser.stop()


@pytest.fixture(scope="session")
def interpreted() -> SimpleNamespace:
    """`.scan`, `.columns`, `.stream_table`, …: the kernels as plain Python."""
    return _namespace(load_interpreted(*KERNELS))


@pytest.fixture(scope="session")
def compiled() -> SimpleNamespace:
    """The same names, compiled."""
    modules = {name: importlib.import_module(name) for name in KERNELS}
    missing = [name for name, module in modules.items() if not module.COMPILED]
    if missing:
        pytest.fail(f"{', '.join(missing)} not compiled: run make, which builds them", pytrace=False)
    return _namespace(modules)


@pytest.fixture(scope="session", params=["compiled", "interpreted"])
def kernels(request: pytest.FixtureRequest) -> SimpleNamespace:
    chosen: SimpleNamespace = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(scope="session")
def scan_module(kernels: SimpleNamespace) -> ModuleType:
    module: ModuleType = kernels.scan
    return module


@pytest.fixture(scope="session")
def interpreted_twin() -> Callable[..., dict[str, ModuleType]]:
    """For kernels of other packages: name the modules in import order, get them interpreted."""
    return load_interpreted


def _tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    assert len(body) < 0x10000
    size = bytes([len(body)]) if len(body) < 0x80 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([tag]) + size + body


def _integer(tag: int, value: int) -> bytes:
    return _tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _ps_record(
    liid: bytes = b"LAB-0001",
    cin: int | None = 1,
    number: int = 0,
    time_us: int | None = 1_750_000_000_000_000,
    *,
    kind: str = "cc",
    content_tag: int = 12,
    payloads: int = 1,
    qualifier: int | None = 1,
    content: bytes = b"rtp",
    reset: bool = False,
) -> bytes:
    time = b""
    if time_us is not None:
        time = _tlv(0xA7, _integer(0x80, time_us // 1_000_000), _integer(0x81, time_us % 1_000_000))
    if qualifier is not None:
        time += _integer(0x88, qualifier)
    network = _tlv(0xA0, _tlv(0x80, b"LABOP"))
    communication = _tlv(0xA3, network, b"" if cin is None else _integer(0x81, cin))
    oid = _tlv(0x80, bytes.fromhex("04000202050128"))
    header = _tlv(0xA1, oid, _tlv(0x81, liid), communication, _integer(0x84, number), time)
    inner = _tlv(0x80, content)
    if content_tag == 12:
        inner = _tlv(0x81, content)
    elif content_tag == 2:
        inner = _tlv(0xA1, inner)
    item = _tlv(0x30, _integer(0x80, 1), _tlv(0xA2, _tlv(0xA0 | content_tag, inner)))
    body = {"cc": _tlv(0xA1, item * payloads), "iri": _tlv(0xA0, item * payloads), "tri": _tlv(0xA2, _tlv(0x83))}[kind]
    if reset:
        body = _tlv(0xA2, _tlv(0x87))
    return _tlv(0x30, header, _tlv(0xA2, body))


@pytest.fixture(scope="session")
def ps_record() -> Callable[..., bytes]:
    """Octets of one PS-PDU by liid, cin, number, time_us, kind ("cc", "iri", "tri"), content_tag, …"""
    return _ps_record


@pytest.fixture(scope="session")
def scanned(kernels: SimpleNamespace) -> Callable[..., tuple[Any, Any]]:
    """Records to (Columns, LiidTable) by the kernels of the test."""

    def scan(records: list[bytes], liids: Any = None) -> tuple[Any, Any]:
        octets = b"".join(records)
        cols = kernels.columns.Columns(max(1, len(records)))
        table = kernels.columns.LiidTable() if liids is None else liids
        end = kernels.scan.scan(octets, 0, len(octets), cols, table, 1 << 20)
        assert end == len(octets)
        return cols, table

    return scan
