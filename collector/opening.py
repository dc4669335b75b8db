"""What the collector opens before anything else: its keys, its registry, the account of its configuration.

Rules. Every failure is one sentence that says what to do. Nothing is decided or kept here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from collector.config import CollectorConfig
from collector.registry import Registry
from collector.store.keys import Keys
from collector.store.private_files import read_public_key
from mediation.runtime.config import ConfigError, NotReadyError


def open_keys(config: CollectorConfig) -> Keys:
    """The collector's keys, made at the first start."""
    directory = config.data_dir / "keys"
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        if Keys.exists(directory):
            return Keys(directory, config.signer)
        if config.quarantine_public_key is None:
            raise ConfigError(
                "quarantine_public_key is missing: the first start needs the public half of an X25519 key pair "
                "that is kept away from the collector."
            )
        return Keys.create(directory, config.quarantine_public_key, config.signer)
    except OSError as error:
        raise NotReadyError(
            f"Cannot use the data directory {config.data_dir}: {error.strerror}. "
            "Make it a directory that may be written to, or configure another data_dir."
        ) from error


def open_registry(config: CollectorConfig, report: Callable[[str, dict[str, object]], None]) -> Registry:
    """The registry on its inbox, not read yet."""
    inbox = config.inbox
    public_key = read_public_key(config.court_public_key)
    try:
        inbox.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotReadyError(f"Cannot use the inbox {inbox}: {error.strerror}. Configure another hi1_inbox.") from error
    return Registry(inbox, public_key, report, config.law)


def config_hash(config: CollectorConfig) -> str:
    return hashlib.sha256(config.model_dump_json().encode()).hexdigest()


def configuration_change(said: list[dict[str, Any]], now_sha256: str) -> dict[str, Any] | None:
    """The entry of a start with another configuration than the last one had; None for the same, or a first start."""
    hashes = [entry["fields"]["config_sha256"] for entry in said if entry["kind"] == "start"]
    if not hashes or hashes[-1] == now_sha256:
        return None
    return {"actor": "SYS", "before_sha256": hashes[-1], "after_sha256": now_sha256}
