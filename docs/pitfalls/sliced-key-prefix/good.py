"""Cut the prefix off each key that has it."""

import torch
from torch import nn

torch.manual_seed(0)
state_dict = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)).state_dict()  # "0.weight", "0.bias", ...
weights = {key.removeprefix("module."): value for key, value in state_dict.items()}

print(f"{len(state_dict)} tensors under {len(weights)} keys: {list(weights)}")
