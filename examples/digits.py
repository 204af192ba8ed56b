"""Train a small convolutional net on scikit-learn's digits, in a way that a kill at any moment cannot harm.

    python examples/digits.py --dir runs/digits

Kill it whenever you like and run the same line again: it goes on where it was, and the weights in the end are bit for
bit those of a run that was never interrupted.
"""

import argparse

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import torchguard as tg

TEST_IMAGES = 360  # of 1797


def load_data():
    """Images of shape (N, 1, 8, 8) in 0 to 1, and labels of shape (N,)."""
    digits = load_digits()
    return torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16, torch.tensor(digits.target)


def build_model() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, stride=2),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(32 * 4 * 4, 10),
    )


def shifted(images: Tensor) -> Tensor:
    """The whole batch moved by up to one pixel either way: random, so a resume has to restore the generators."""
    down, right = torch.randint(-1, 2, (2,)).tolist()
    return images.roll((down, right), dims=(2, 3))


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    with tg.eval_mode(model):
        return (model(images).argmax(1) == labels).float().mean().item()


def train(args: argparse.Namespace) -> nn.Module:
    tg.seed_everything(args.seed)
    images, labels = load_data()
    train_images, train_labels = images[TEST_IMAGES:], labels[TEST_IMAGES:]

    model = build_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.995)
    step = tg.TrainStep(model, optimizer, scheduler, amp=args.amp, accumulate=args.accumulate, clip_norm=1.0)
    loader = tg.ResumableLoader(
        TensorDataset(train_images, train_labels), batch_size=args.batch_size, shuffle=True, seed=args.seed
    )
    checkpoints = tg.Checkpointer(
        args.dir,
        every_steps=args.every,
        model=model,
        optimizer=optimizer,
        scheduler=scheduler,
        step=step,
        loader=loader,
        signals=["SIGTERM"],
    )
    print(checkpoints.resume(), flush=True)

    for epoch in loader.epochs(args.epochs):
        for x, y in loader:
            with step.autocast():
                loss = F.cross_entropy(model(shifted(x)), y)
            step.backward(loss, weight=len(y))
            checkpoints.tick()
            print(f"step {checkpoints.step} loss {loss.item():.4f}", flush=True)
        step.flush()  # the last window of the epoch may be shorter
        print(f"epoch {epoch} accuracy {accuracy(model, images[:TEST_IMAGES], labels[:TEST_IMAGES]):.3f}")
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", default="runs/digits", help="where the checkpoints go; the run resumes from there")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--amp", choices=["off", "bf16", "fp16"], default="off")
    parser.add_argument("--accumulate", type=int, default=2, help="micro-batches in one optimizer step")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--every", type=int, default=20, help="save once in so many micro-batches")
    parser.add_argument("--out", help="where the trained weights go")
    args = parser.parse_args()

    model = train(args)
    if args.out:
        torch.save(model.state_dict(), args.out)


if __name__ == "__main__":
    main()
