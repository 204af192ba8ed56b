"""Gradients: when they are added up, cleared, clipped and used."""
