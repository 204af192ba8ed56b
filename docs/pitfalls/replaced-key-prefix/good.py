"""Take a wrapper's prefix out of the keys where it is a prefix."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.submodule = nn.Linear(4, 2)


torch.manual_seed(0)
# pylint: disable-next=data-parallel
saved = nn.DataParallel(Net()).state_dict()  # "module.submodule.weight", "module.submodule.bias"
weights = {key.removeprefix("module."): value for key, value in saved.items()}

missing, _ = Net().load_state_dict(weights, strict=False)
print(f"keys: {list(weights)}, not loaded: {len(missing)} of 2")
