"""Evaluate what amp_parallel.py has saved, on any device, whatever device and way it was trained in.

python examples/amp_parallel_evaluate.py runs/amp_parallel/*.pt
python examples/amp_parallel_evaluate.py runs/amp_parallel/ddp-fp16.pt --device cuda --amp bf16
"""

import argparse
from contextlib import nullcontext
from pathlib import Path

import torch
from amp_parallel import TEST_IMAGES, AlexNet, accuracy, load_data

import torchguard as tg


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", nargs="+", type=Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--amp", choices=["off", "bf16", "fp16"], default="off")
    args = parser.parse_args()

    device = torch.device(args.device)
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(args.amp)
    images, labels = tg.to_device(load_data(), device)
    for path in args.weights:
        model = AlexNet().to(device)
        tg.load_weights(model, path)  # refuses weights of another model
        with torch.autocast(device.type, dtype=dtype) if dtype else nullcontext():
            print(f"{path}: accuracy {accuracy(model, images[:TEST_IMAGES], labels[:TEST_IMAGES]):.3f} on {device}")


if __name__ == "__main__":
    main()
