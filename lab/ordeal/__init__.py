"""The store put to the test: killed, cut off from power, given failing disks, tampered with. `python -m lab.ordeal`."""
