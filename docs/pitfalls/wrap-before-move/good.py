"""Move a DDP model to the device that it is trained on."""

import torch
import torch.distributed as dist
from torch import nn

dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
device = "cuda" if torch.cuda.is_available() else "cpu"
model = nn.Linear(4, 1).to(device)
model = nn.parallel.DistributedDataParallel(model)
try:
    model(torch.ones(8, 4, device=device)).mean().backward()
    result = "no error"
except RuntimeError as error:
    result = str(error).partition("\n")[0]
if dist.get_rank() == 0:
    print(f"wrapped and trained on {device}: {result}")
dist.destroy_process_group()
