"""Is imported with a star."""

from torch import nn


def make_model():
    return nn.Linear(4, 1)
