"""A PostgreSQL server for labs and tests: the one that answers on this machine, or one of our own.

Ours listens on loopback and a socket in its directory alone, and trusts whoever comes from there. One for a test is
made fresh in a temporary directory and does without what makes a crash survivable: nothing in it is to be kept. One for
a run stays where it is and keeps what it said. It cannot run as root, so root lends it the user that Debian's package
makes. Where the programs are missing, root may have them installed.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from mediation.runtime.config import NotReadyError

USUAL_PORT: Final = 5432
_USERS: Final = ("postgres", "root")
_START_S: Final = 30
_OPTIONS: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=50")


ROLE: Final = "calea"
"""Who may do everything on a server of ours that lasts, whoever runs it."""
_PR_SET_PDEATHSIG: Final = 1
_DEAF_S: Final = 20
"""How long a server may take to end before it is made to."""


class Server:
    """`user` may create databases on the server at `port` of loopback."""

    def __init__(self, port: int, user: str) -> None:
        self.port = port
        self.user = user

    def url(self, database: str = "postgres") -> str:
        return URL.create(
            "postgresql+psycopg", self.user, host="127.0.0.1", port=self.port, database=database
        ).render_as_string()

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database that is dropped at the end."""
        name = f"calea_lab_{uuid.uuid4().hex[:12]}"
        self._say(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield self.url(name)
        finally:
            self._say(f'DROP DATABASE "{name}" WITH (FORCE)')

    def make_database(self, name: str) -> None:
        """Where it is not there yet."""
        engine = create_engine(self.url())
        try:
            with engine.connect() as connection:
                there = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
                if there.scalar():
                    return
        finally:
            engine.dispose()
        self._say(f'CREATE DATABASE "{name}" TEMPLATE template0')

    def _say(self, statement: str) -> None:
        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


class Lasting(Server):
    """One of our own that keeps what it said; `words` is what it says."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], words: Path) -> None:
        super().__init__(port, ROLE)
        self.words = words
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        """At once for who is connected, in order for what is written."""
        if not self.ended:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_DEAF_S)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_DEAF_S)


def lasting_directory(wanted: Path) -> Path:
    """Where a server that lasts keeps its files: `wanted`, or for root, where the server's user may not go there, a
    directory beside other temporary ones that is named after it."""
    place = wanted.resolve()
    if os.geteuid() != 0 or all(_open_to_all(one) for one in place.parents):
        return place
    return Path(tempfile.gettempdir()) / f"calea-lab-postgres-{hashlib.sha256(bytes(place)).hexdigest()[:16]}"


def _open_to_all(directory: Path) -> bool:
    return not directory.exists() or bool(directory.stat().st_mode & stat.S_IXOTH)


def start_lasting(directory: Path, host: str, port: int, connections: int, ends_with_thread: bool = False) -> Lasting:
    """Start the server whose files lie in `directory`, made there at the first start. `ends_with_thread`: it ends by
    itself when the thread that called has ended, as with its process. Raises NotReadyError."""
    programs, user = _programs(), _server_user()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(directory, user, user)
    data, words = directory / "data", directory / "server.log"
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        _run(user, programs / "initdb", "-D", data, "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C")
    where = ["-c", f"listen_addresses={host}", "-c", f"unix_socket_directories={directory}", "-p", str(port)]
    with words.open("ab") as said:
        process = subprocess.Popen(  # noqa: S603  our own words
            [programs / "postgres", "-D", data, *where, "-c", f"max_connections={connections}"],
            user=user if os.geteuid() == 0 else None,
            cwd=directory,
            stdout=said,
            stderr=said,
            preexec_fn=_end_with_parent if ends_with_thread else None,
        )
    server = Lasting(port, process, words)
    until = time.monotonic() + _START_S
    while find_server(port, (ROLE,)) is None:
        if server.ended or time.monotonic() > until:
            server.stop()
            raise NotReadyError(f"A PostgreSQL server did not start in {directory}; its words are in {words}.")
        time.sleep(0.1)
    return server


def _end_with_parent() -> None:
    """Between fork and exec: a server whose run was killed does not stay alone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def _server_user() -> str:
    return pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def find_server(port: int = USUAL_PORT, users: tuple[str, ...] = _USERS) -> Server | None:
    """The server that answers there to one of the users without a password, if there is one."""
    for user in users:
        server = Server(port, user)
        engine = create_engine(server.url(), connect_args={"connect_timeout": 2})
        try:
            with engine.connect() as connection:
                if connection.execute(text("SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user")).scalar():
                    return server
        except SQLAlchemyError:
            continue
        finally:
            engine.dispose()
    return None


@contextlib.contextmanager
def own_server() -> Iterator[Server]:
    """One of our own, ended with the context. Raises NotReadyError where there can be none."""
    with tempfile.TemporaryDirectory(prefix="calea-postgres-") as directory:
        yield from _served(Path(directory))


def _served(root: Path) -> Iterator[Server]:
    programs, user = _programs(), _server_user()
    data = root / "data"
    if os.geteuid() == 0:
        shutil.chown(root, user)
    _run(user, programs / "initdb", "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
    port = _free_port()
    options = [word for one in _OPTIONS for word in ("-c", one)]
    where = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={root}", "-p", str(port)]
    process = subprocess.Popen(  # noqa: S603  our own words
        [programs / "postgres", "-D", data, *where, *options],
        user=user if os.geteuid() == 0 else None,
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + _START_S
        while (server := find_server(port)) is None:
            if process.poll() is not None or time.monotonic() > until:
                raise NotReadyError(f"A PostgreSQL server did not start in {root}.")
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(_START_S)


@contextlib.contextmanager
def some_server() -> Iterator[Server]:
    """The one that answers, or one of our own."""
    found = find_server()
    if found is not None:
        yield found
        return
    with own_server() as server:
        yield server


def _programs() -> Path:
    """Where initdb and postgres are; installed when root asks on a Debian that lacks them."""
    with (Path(tempfile.gettempdir()) / "calea-lab-apt.lock").open("w") as lock:
        # Several runs may ask at once, and only one may install.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed() and os.geteuid() == 0 and shutil.which("apt-get"):
            for words in (["update"], ["install", "-y", "--no-install-recommends", "postgresql"]):
                command = ["apt-get", "-qq", *words]
                subprocess.run(command, check=False, capture_output=True, timeout=600)  # noqa: S603  our own words
    found = _installed()
    if not found:
        raise NotReadyError("PostgreSQL is not installed. Install Debian's package postgresql.")
    return found[-1].parent


def _installed() -> list[Path]:
    return sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _run(user: str, *command: str | Path) -> None:
    done = subprocess.run(  # noqa: S603  our own words
        [str(one) for one in command],
        user=user if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        cwd="/",
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise NotReadyError(f"{Path(command[0]).name} failed: {done.stderr.strip().splitlines()[-1:]}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
