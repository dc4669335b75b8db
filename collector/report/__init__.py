"""Reports of what was collected: a plain model each, rendered as HTML and as PDF."""
