"""The front door: the command line, running the processes together, demonstrations."""
