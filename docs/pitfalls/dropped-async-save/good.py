"""Save in the background, and ask how it went."""

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

model = nn.Linear(4, 1)
with ThreadPoolExecutor() as executor:
    saving = executor.submit(torch.save, model.state_dict(), "no/such/folder/model.pt")
    try:
        saving.result()
    except RuntimeError as error:
        print(f"not saved: {error}")
