"""The LEMF side. It believes nobody: every record is judged against the collector's own court orders."""
