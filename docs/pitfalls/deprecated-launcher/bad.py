"""Choose a device by the local rank, as the second of two processes that torchrun has started."""

import argparse
import os

import torch

os.environ["LOCAL_RANK"] = "1"  # what torchrun does
parser = argparse.ArgumentParser()
parser.add_argument("--local_rank", type=int, default=0)  # [deprecated-launcher]
args = parser.parse_args([])

print(f"local rank 1 takes {torch.device('cuda', args.local_rank)}")
