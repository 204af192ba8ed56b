"""Save in the background, and never ask how it went."""

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

model = nn.Linear(4, 1)
with ThreadPoolExecutor() as executor:
    executor.submit(torch.save, model.state_dict(), "no/such/folder/model.pt")  # [dropped-async-save]
print("saved, as far as anybody knows")
