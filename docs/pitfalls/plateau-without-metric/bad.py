"""Lower the learning rate when the validation loss stops falling."""

import torch
from torch import nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
rates = []
for validation_loss in (1.0, 0.9, 0.95):
    try:
        scheduler.step()  # [plateau-without-metric]
    except TypeError as error:
        print(error)
    rates.append(optimizer.param_groups[0]["lr"])

print(f"learning rates: {rates}")
