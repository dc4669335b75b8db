"""Faults on purpose: a proxy on a handover link that does what networks, disks and operators do wrong.

It knows octets and record frames, never what was intercepted, so it sits as well between foreign equipment and ours.
"""
