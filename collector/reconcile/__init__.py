"""The reconciler: court orders, tasks at the network elements and observed streams, held against each other.

A process and a role of its own (`python -m collector.reconcile`): it takes no record, changes no task and writes into
nothing but its own log, so that whoever can bend the collection cannot thereby bend its control.
"""
