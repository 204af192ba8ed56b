"""Train mode, eval mode, and freezing."""
