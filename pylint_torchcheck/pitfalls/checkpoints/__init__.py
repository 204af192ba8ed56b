"""Checkpoints and weights: what is saved, and what a load leaves out."""
