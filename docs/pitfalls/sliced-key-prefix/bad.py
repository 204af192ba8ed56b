"""Cut seven characters off each key, in weights that were saved without a wrapper."""

import torch
from torch import nn

torch.manual_seed(0)
state_dict = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)).state_dict()  # "0.weight", "0.bias", ...
weights = {key[7:]: value for key, value in state_dict.items()}  # [sliced-key-prefix]

print(f"{len(state_dict)} tensors under {len(weights)} keys: {list(weights)}")
