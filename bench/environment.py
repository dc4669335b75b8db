"""The environment card for the scripts of this directory; it is made where `calea-lab bench` makes it."""

from lab.bench.environment import environment_card

__all__ = ["environment_card"]
