"""Save a model that looks at its input through random projections, and load it elsewhere."""

import torch
from torch import nn


class Projected(nn.Module):
    def __init__(self):
        super().__init__()
        self.directions = torch.randn(8, 32)  # [unregistered-buffer]
        self.head = nn.Linear(32, 2)

    def forward(self, x):
        return self.head(torch.cos(x @ self.directions))


torch.manual_seed(0)
saved, loaded = Projected(), Projected()
loaded.load_state_dict(saved.state_dict())
x = torch.randn(4, 8)
difference = (saved(x) - loaded(x)).abs().max().item()
print(f"tensors saved: {len(saved.state_dict())}, outputs differ after loading by {difference:.3f}")
