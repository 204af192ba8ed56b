"""The same, with a sampler and all states saved."""

import sys

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

sys.path.insert(0, "../lib")
from saving import LossScaler, save_whole
from sets import build


def main(folder, path):
    model = DistributedDataParallel(nn.Linear(4, 1))
    optimizer = torch.optim.AdamW(model.parameters())
    loss_scaler = LossScaler()
    data = build(folder, is_small=False)
    loader = DataLoader(data, batch_size=8, sampler=DistributedSampler(data, shuffle=False))
    for batch, _ in loader:
        optimizer.zero_grad()
        loss_scaler(model(batch).mean(), optimizer)
    if torch.distributed.get_rank() == 0:
        save_whole(model.module, optimizer, loss_scaler, path)
