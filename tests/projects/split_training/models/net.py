"""A module with BatchNorm and dropout, and one with neither."""

from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 2))

    def forward(self, x):
        return self.layers(x)


def build_model():
    return Net()
