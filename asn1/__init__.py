"""THE WIRE: pure codecs and the sans-IO handover session.

Nothing here opens a socket, reads a clock or a file, or imports another package of ours.
"""
