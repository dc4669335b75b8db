"""Devices that people carry or install: one process holds them all, each with a memory and rules of its own."""
