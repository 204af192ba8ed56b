"""Fails on rank 1 the first time, and trains to the end when torchrun has started all ranks anew.

    torchrun --nproc-per-node 3 --max-restarts 1 fail_once.py

Rank 0 waits for rank 1 in a collective, rank 2 is busy with something else.
"""

import os
import signal
import time

import torch
from torch import nn

import torchguard as tg

RANK = int(os.environ["RANK"])
if RANK == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # so that it is the broken connection that ends it, and no signal


def main() -> None:
    torch.set_num_threads(1)
    with tg.distributed(seed=0, timeout_s=60) as env:
        model = tg.ddp(nn.Linear(4, 1))
        step = tg.TrainStep(model, torch.optim.SGD(model.parameters(), lr=0.1))
        for index in range(3):
            if env.restarts == 0 and index == 1 and env.rank == 1:
                raise ZeroDivisionError("the batch was empty")
            if env.restarts == 0 and index == 1 and env.rank == 2:
                time.sleep(60)
            step.backward(model(torch.ones(2, 4)).square().mean())
        print("restarts", env.restarts, "steps", step.steps, flush=True)


if __name__ == "__main__":
    main()
    print("finished", RANK, flush=True)
