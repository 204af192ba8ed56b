"""Load to the GPU of the machine that the script was written on."""

import io

import torch

file = io.BytesIO()
torch.save(torch.ones(4), file)
file.seek(0)

try:
    weights = torch.load(file, map_location="cuda:7", weights_only=True)  # [hard-coded-map-location]
    print(f"loaded to {weights.device}")
except (RuntimeError, AssertionError) as error:
    print(f"not loaded: {type(error).__name__}")
