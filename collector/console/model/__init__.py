"""What the console's pages show, computed without any web code: read-only, bounded, standing applied everywhere."""
