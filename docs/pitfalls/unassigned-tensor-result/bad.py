"""How much does the brightest change between two pictures amount to?"""

import torch

before = torch.tensor([10, 20, 30], dtype=torch.uint8)
after = torch.tensor([12, 18, 30], dtype=torch.uint8)
before.to(torch.float32)  # [unassigned-tensor-result]
change = (after - before).abs().max().item()

print(f"largest change of a pixel: {change:g} of 255")
