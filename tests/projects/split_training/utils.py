"""A helper that freezes, one that loads, and a meter."""

import torch


def freeze(module):
    for parameter in module.parameters():
        parameter.requires_grad = False


def load(module, path):
    module.load_state_dict(torch.load(path, map_location="cpu"))


class AverageMeter:
    def __init__(self):
        self.reset()

    def reset(self):
        self.sum, self.count = 0, 0

    def update(self, value, n=1):
        self.sum += value * n
        self.count += n
