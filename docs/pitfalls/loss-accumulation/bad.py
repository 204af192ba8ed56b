"""Train for an epoch and report the mean loss."""

import torch
from torch import nn


def graph_size(value):
    """Count the autograd nodes that a value keeps alive."""
    found, waiting = set(), [getattr(value, "grad_fn", None)]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found.add(node)
            waiting.extend(inner for inner, _ in node.next_functions)
    return len(found)


torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
total = 0.0
for batch in torch.randn(100, 16, 4):  # 100 batches of shape (16, 4)
    optimizer.zero_grad()
    loss = model(batch).square().mean()
    loss.backward()
    optimizer.step()
    total += loss  # [loss-accumulation]

print(f"mean loss {total / 100:.4f}; graph nodes still alive: {graph_size(total)}")
