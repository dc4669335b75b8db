"""The same case that the console's tests read."""

from tests.collector.console.conftest import made, make_rtp, reopened, sent  # noqa: F401
