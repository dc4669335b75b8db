"""People at the run's console, without a browser: a station, a sign-in, pages and forms, a call that is listened to.

What a person does in a browser goes the same way here: over TLS that the lab's CA vouches for, with the station's
token, a one-time password that is changed at once, the page's own token in every form. Nothing is kept on disk.
"""

from __future__ import annotations

import http.client
import json
import re
import secrets
import ssl
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

from lab.cli_console import console_url
from lab.desk_accounts import seed
from lab.stack import Stack
from mediation.runtime.config import ConfigError, NotReadyError

TIMEOUT_S: Final = 20.0
MAX_ANSWER_OCTETS: Final = 8 << 20
_STATION: Final = "__Host-station"
_CSRF: Final = re.compile(r'name="csrf" value="([0-9a-f]*)"')
_FRAME: Final = struct.Struct("<cI")
SOUND_OCTETS_PER_S: Final = 2 * 8_000


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str
    location: str


class Browser:
    """One person at one station."""

    def __init__(self, url: str, ca: Path, cookies: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "localhost", parts.port or 443
        self._origin = url.rstrip("/")
        self._tls = ssl.create_default_context(cafile=str(ca))
        self.cookies = dict(cookies)
        self._csrf = ""

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        """As the form of the page that was seen last."""
        return self._ask("POST", path, urlencode({"csrf": self._csrf, **fields}))

    def open(self, path: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """An answer that goes on; whoever asked closes the connection."""
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=self._tls)
        try:
            connection.request("GET", path, headers=self._headers())
            return connection, connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise NotReadyError(f"The console does not answer {path}: {error}.") from error

    def _headers(self) -> dict[str, str]:
        held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": held, "Origin": self._origin, "Sec-Fetch-Dest": "document"}

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = self._headers()
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=self._tls)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read(MAX_ANSWER_OCTETS).decode("utf-8", "replace")
            cookies = response.headers.get_all("Set-Cookie") or []
        except (OSError, http.client.HTTPException) as error:
            raise NotReadyError(f"The console does not answer {path}: {error}.") from error
        finally:
            connection.close()
        for one in cookies:
            name, _, value = one.partition(";")[0].partition("=")
            self.cookies[name] = value
        found = _CSRF.search(text)
        self._csrf = found[1] if found else self._csrf
        return Answer(response.status, text, response.headers.get("Location", ""))


@dataclass
class Listening:
    """A call that somebody listens to, in a thread of its own. `state` and `why` are the console's last words."""

    octets: int = 0
    state: str = ""
    why: str = ""
    first_s: float | None = None
    """Real seconds until the first sound came."""
    _thread: threading.Thread | None = None
    _connection: http.client.HTTPConnection | None = None

    @property
    def seconds(self) -> float:
        """How much sound was heard."""
        return self.octets / SOUND_OCTETS_PER_S

    def begin(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._thread = threading.Thread(target=self._hear, args=(response, time.monotonic()), daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float) -> bool:
        """Whether it was over within that time."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def leave(self) -> None:
        """The listener puts the headphones down."""
        if self._connection is not None and self._connection.sock is not None:
            with suppress(OSError):
                self._connection.sock.close()
        self.wait(TIMEOUT_S)

    def _hear(self, response: http.client.HTTPResponse, began_s: float) -> None:
        with suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            while len(head := response.read(_FRAME.size)) == _FRAME.size:
                kind, length = _FRAME.unpack(head)
                octets = response.read(min(length, MAX_ANSWER_OCTETS))
                if kind == b"S":
                    self.first_s = time.monotonic() - began_s if self.first_s is None else self.first_s
                    self.octets += len(octets)
                elif kind == b"E":
                    said = json.loads(octets)
                    self.state, self.why = said["state"], said["why"]
                    return


@dataclass
class Console:
    """The run's console and who is signed in at it; everybody has a training account, made when first needed."""

    stack: Stack
    _passwords: dict[str, str] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    """Of stations, by facility: for enrolment, and from then on the cookie."""
    _enrolled: dict[str, str] = field(default_factory=dict)
    _browsers: dict[tuple[str, str], Browser] = field(default_factory=dict)

    def browser(self, user_id: str, facility: str) -> Browser:
        """Somebody signed in at the station of a facility. Raises ConfigError, NotReadyError."""
        known = self._browsers.get((user_id, facility))
        if known is None:
            known = self._browsers[user_id, facility] = self._sign_in(user_id, facility)
        return known

    def _sign_in(self, user_id: str, facility: str) -> Browser:
        if not self._tokens:
            accounts, stations = seed(self.stack.paths.data)
            self._passwords |= {one.user_id: one.password for one in accounts}
            self._tokens |= {one.facility: one.token for one in stations}
        if user_id not in self._passwords or facility not in self._tokens:
            raise ConfigError(f"There is no {user_id} or no station at {facility}.")
        browser = Browser(console_url(self.stack), self.stack.paths.ca / "ca.pem", {})
        if facility not in self._enrolled:
            browser.get("/station")
            browser.post("/station", {"token": self._tokens[facility]})
            self._enrolled[facility] = browser.cookies.get(_STATION, "")
        browser.cookies[_STATION] = self._enrolled[facility]
        browser.get("/sign-in")
        self._give(browser, "/sign-in", {"user_id": user_id, "password": self._passwords[user_id], "code": ""})
        browser.get("/account/password")
        own = secrets.token_urlsafe(18)
        words = {"old": self._passwords[user_id], "new": own, "again": own}
        self._give(browser, "/account/password", words)
        self._passwords[user_id] = own
        browser.get("/")
        return browser

    @staticmethod
    def _give(browser: Browser, path: str, fields: Mapping[str, str]) -> None:
        answer = browser.post(path, fields)
        if answer.status != http.HTTPStatus.SEE_OTHER:
            raise NotReadyError(f"{path} answered {answer.status} instead of letting somebody in.")
