"""Configuration files: TOML in, a checked pydantic model out, one sentence when it is wrong.

Relative paths are relative to the configuration file. Listeners bind loopback unless the file says otherwise in words
(`exposed = "yes, reachable from other machines"`), so that nobody opens a port to a network by a typing error; what is
connected to lies inside the closed network in the same way (`closed.py`, R-078).
"""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from asn1.errors import LocalError
from mediation.runtime.clock import Clock, ClockSpec, LineClock, SharedClock
from mediation.runtime.closed import Outside, check_host
from mediation.runtime.secrets import secrets_in

EXPOSED_WORDS = "yes, reachable from other machines"


class ConfigError(LocalError):
    """The configuration is missing or wrong. Exit code 2."""


class NotReadyError(LocalError):
    """The machine is not ready: a port, a directory, a missing tool. Exit code 3."""


class Model(BaseModel):
    """Base of every configuration model: unknown keys are errors, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ClockConfig(Model):
    """The line, or the file of a shared clock, which then says everything."""

    shared: Path | None = None
    anchor_us: int = 0
    base_us: int = 0
    factor: Annotated[float, Field(gt=0, le=10_000)] = 1.0

    def spec(self) -> ClockSpec:
        return ClockSpec(self.anchor_us, self.base_us, self.factor)

    def clock(self) -> Clock:
        """The clock of this process. Raises NotReadyError when the shared one is not there."""
        if self.shared is None:
            return LineClock(self.spec())
        try:
            return SharedClock(self.shared)
        except LocalError as error:
            raise NotReadyError(str(error)) from error


class TlsConfig(Model):
    """`ca` verifies the peer; a listener with `ca` asks for client certificates."""

    certificate: Path
    key: Path
    ca: Path | None = None


class Listen(Model):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    tls: TlsConfig | None = None
    exposed: Literal["no", "yes, reachable from other machines"] = "no"

    @model_validator(mode="after")
    def _loopback_unless_said(self) -> Listen:
        if self.exposed == EXPOSED_WORDS:
            return self
        if self.host != "localhost" and not _is_loopback(self.host):
            raise ValueError(f'{self.host} is not loopback; write exposed = "{EXPOSED_WORDS}" if that is meant')
        return self


PLAIN_WORDS = "yes, plain HTTP on loopback for a test"
Plain = Literal["no", "yes, plain HTTP on loopback for a test"]


def check_mutual(listen: Listen, plain: str, what: str) -> None:
    """X1 and HI1 are spoken over TLS with certificates on both sides. Raises ValueError unless the listener is so, or
    its plain HTTP is said in words and stays on loopback."""
    if listen.tls is not None and listen.tls.ca is not None:
        return
    if listen.tls is None and plain == PLAIN_WORDS and listen.exposed == "no":
        return
    raise ValueError(
        f"{what} listens with tls (certificate, key and ca) alone: whoever asks shows a certificate. For a test with "
        f'foreign equipment on loopback write {what}_plain = "{PLAIN_WORDS}"'
    )


def check_client(url: str, tls: TlsConfig | None, plain: str, what: str) -> None:
    """The same for whom we ask: https with a certificate of our own, or plain HTTP on loopback in words."""
    secure = url.startswith("https:")
    if secure and tls is not None and tls.ca is not None:
        return
    host = urlsplit(url).hostname or ""
    if not secure and tls is None and plain == PLAIN_WORDS and (host == "localhost" or _is_loopback(host)):
        return
    raise ValueError(
        f"{url} is asked over https with tls (certificate, key and ca) alone; for a test with foreign equipment on "
        f'loopback write {what}plain = "{PLAIN_WORDS}"'
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Peer(Model):
    """Whom to connect to; inside the closed network unless the file says otherwise in words (R-078)."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: TlsConfig | None = None
    outside: Outside = "no"

    @model_validator(mode="after")
    def _inside_unless_said(self) -> Peer:
        check_host(self.host, self.outside)
        return self


M = TypeVar("M", bound=Model)


def load_config(path: Path, model: type[M]) -> M:
    """Read and check `path`. Raises `ConfigError` with one sentence naming the file, the key and what is wrong."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(
            f"Cannot read the configuration {path}: {error.strerror}. Give an existing file to --config."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: a configuration is a TOML text file.") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    secret = next(secrets_in(values), None)
    if secret is not None:
        raise ConfigError(f"{path}: {secret}: no secret stands in a configuration (R-089). Give it a file of its own.")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ConfigError(f"{path}: {where}: {first['msg']}{more}.") from error
