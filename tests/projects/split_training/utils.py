"""A helper that freezes, and one that saves and loads."""

import torch


def freeze(module):
    for parameter in module.parameters():
        parameter.requires_grad = False


def load(module, path):
    module.load_state_dict(torch.load(path, map_location="cpu"))
