"""What is saved, by whom, and what comes back, shows only here: the calls that do it are in another file."""

import os
import sys

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from checkpoints import copied, keep, keep_on_main, keep_run, read, take_up

PATH = sys.argv[1]


def main(batches, epochs):
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.distributed.init_process_group("nccl")
    model = DistributedDataParallel(nn.Linear(4, 1).cuda())
    optimizer = torch.optim.AdamW(model.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
    start = take_up(model.module, optimizer, PATH)
    for epoch in range(start, epochs):
        for batch in batches:
            optimizer.zero_grad()
            model(batch).mean().backward()
            optimizer.step()
        scheduler.step()
        keep_run(model.module, optimizer, epoch, PATH)  # [every-rank-save] # [incomplete-checkpoint]


def other(batches, epochs):
    torch.distributed.init_process_group("gloo")
    model = nn.Linear(4, 1)
    optimizer = torch.optim.AdamW(model.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
    checkpoint = read(PATH)  # [incomplete-resume]
    model.load_state_dict(checkpoint["net"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    for _ in range(epochs):
        for batch in batches:
            optimizer.zero_grad()
            model(batch).mean().backward()
            optimizer.step()
        scheduler.step()
        state = {"net": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
        keep_on_main(copied(state), PATH)
        if torch.distributed.get_rank() == 0:
            keep(state, PATH)
