"""Scripts beside each other: a circle of imports, a star, a module that is not there, one that is no Python."""

import torch

import absent
import broken
import circle
from everything import *


def train(batches):
    model = make_model()  # from `everything`
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for batch in batches:
        circle.loss_of(model, batch).backward()
        optimizer.step()  # [missing-zero-grad]
    absent.report(model)
    broken.report(model)


def make_default():
    return make_model()
