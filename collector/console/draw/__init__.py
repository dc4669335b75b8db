"""Pictures as SVG with class names alone, each beside the table that says the same."""
