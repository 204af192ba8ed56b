"""Train under autocast with a function that has a backward pass of its own."""

import torch
from torch import nn


class Product(torch.autograd.Function):
    """A matrix product that says in which type its gradient is computed."""

    @staticmethod
    def forward(ctx, left, right):
        ctx.save_for_backward(left, right)
        return left @ right

    @staticmethod
    def backward(ctx, gradient):
        left, right = ctx.saved_tensors
        gradient = gradient.float()
        made = left.float().T @ gradient  # meant to be float32
        print(f"the gradient is computed in {made.dtype}")
        return gradient @ right.float().T, made


torch.manual_seed(0)
weight = nn.Parameter(torch.randn(4, 1))
with torch.autocast("cpu", dtype=torch.bfloat16):
    loss = Product.apply(torch.randn(16, 4), weight).float().square().mean()
    loss.backward()  # [backward-in-autocast]
