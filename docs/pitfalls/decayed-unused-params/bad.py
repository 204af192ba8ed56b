"""Train two heads on one trunk, the second one on the first ten batches only."""

import torch
from torch import nn

torch.manual_seed(0)
trunk, first, second = nn.Linear(4, 8), nn.Linear(8, 1), nn.Linear(8, 1)
parameters = [*trunk.parameters(), *first.parameters(), *second.parameters()]
optimizer = torch.optim.SGD(parameters, lr=0.1, weight_decay=0.1)
for index, batch in enumerate(torch.randn(400, 16, 4)):
    hidden = trunk(batch)
    loss = (first(hidden) - 1).square().mean()
    if index < 10:
        loss = loss + (second(hidden) - 1).square().mean()
    optimizer.zero_grad(set_to_none=False)  # [decayed-unused-params]
    loss.backward()
    optimizer.step()

print(f"the second head answers {second(hidden).mean():.3f}, and learnt to answer 1")
