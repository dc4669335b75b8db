"""JSON-line logs. Never content: callers log counts, codes, identifiers of orders and links, nothing a party said."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import cast

import structlog


def configure_logs(process: str, path: Path | None) -> None:
    """Send every log line of this process to `path` (appended) or to standard error, one JSON object a line."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    stream = path.open("a", encoding="utf-8", buffering=1) if path is not None else sys.stderr
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(process=process)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))
