"""Load BatchNorm's count of batches like all else."""

import torch
from torch import nn

torch.manual_seed(0)
trained = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4, momentum=None))  # averages over all batches
for batch in torch.randn(3, 16, 4):
    trained(batch)

weights = trained.state_dict()

model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4, momentum=None))
try:
    model.load_state_dict(weights)
except RuntimeError as error:
    print(str(error).splitlines()[-1].strip())
print(f"batches counted: {int(trained[1].num_batches_tracked)}, loaded: {int(model[1].num_batches_tracked)}")
