"""The script puts ``lib`` on the path, as by ``sys.path.insert(0, "../lib")``, and imports what is there."""

import sys

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

sys.path.insert(0, "../lib")
from saving import LossScaler, save_model
from sets import build


def main(folder, path):
    model = DistributedDataParallel(nn.Linear(4, 1))
    optimizer = torch.optim.AdamW(model.parameters())
    loss_scaler = LossScaler()
    loader = DataLoader(build(folder, is_small=False), batch_size=8)  # [missing-distributed-sampler]
    for batch, _ in loader:
        optimizer.zero_grad()
        loss_scaler(model(batch).mean(), optimizer)
    if torch.distributed.get_rank() == 0:
        save_model(model.module, optimizer, loss_scaler, path)  # [incomplete-checkpoint]
