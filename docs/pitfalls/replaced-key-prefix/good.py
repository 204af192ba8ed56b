"""Take a wrapper's prefix out of the keys where it is a prefix."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.submodule = nn.Linear(4, 2)


torch.manual_seed(0)
# pylint: disable-next=data-parallel
saved = {f"module.{key}": value for key, value in Net().state_dict().items()}  # as a wrapper names them
weights = {key.removeprefix("module."): value for key, value in saved.items()}

missing, _ = Net().load_state_dict(weights, strict=False)
print(f"keys: {list(weights)}, not loaded: {len(missing)} of 2")
