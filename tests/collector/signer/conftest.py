"""A store to sign for."""

from tests.collector.store.conftest import bench

__all__ = ["bench"]
