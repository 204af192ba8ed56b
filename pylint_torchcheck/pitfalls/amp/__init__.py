"""Automatic mixed precision: autocast and the gradient scaler."""
