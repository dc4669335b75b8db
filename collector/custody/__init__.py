"""An ended order on its way out: sealed, handed off, closed. Shared by the commands of the lab and by the console."""
