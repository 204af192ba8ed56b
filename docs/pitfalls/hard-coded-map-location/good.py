"""Load to host memory, and let the model's own device decide the rest."""

import io

import torch

file = io.BytesIO()
torch.save(torch.ones(4), file)
file.seek(0)

try:
    weights = torch.load(file, map_location="cpu", weights_only=True)
    print(f"loaded to {weights.device}")
except (RuntimeError, AssertionError) as error:
    print(f"not loaded: {type(error).__name__}")
