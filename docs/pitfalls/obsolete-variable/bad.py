"""Evaluate a model without keeping the graph."""

import warnings

import torch
from torch import nn
from torch.autograd import Variable

warnings.simplefilter("ignore")
torch.manual_seed(0)
model = nn.Linear(8, 2).eval()
with torch.enable_grad():
    inputs = Variable(torch.randn(16, 8), volatile=True)  # [obsolete-variable]
    outputs = model(inputs)

print(f"type: {type(inputs).__name__}, the outputs hold on to a graph: {outputs.requires_grad}")
