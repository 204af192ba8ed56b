"""Take the short way for tensors that are on the CPU already."""

import torch

batches = [torch.randn(4, 8) for _ in range(10)]
short = 0
for batch in batches:
    if batch.device.type == "cpu":
        short += 1

print(f"batches on the CPU: {sum(batch.is_cpu for batch in batches)}, seen to be there: {short}")
