"""The semantic core: a syntax tree in, values and events out. It knows no pitfall."""
