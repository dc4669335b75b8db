"""Scenarios: stories with an outcome that is known beforehand, played through the real processes.

`model` says what a scenario file may hold, `times` how times are written in it, `engine` plays it on a clock that
stands still but where the story says otherwise, `evidence` reads afterwards what is on disk, `expect` holds the one
against the other. The files themselves lie in `lab/scenarios`.
"""
