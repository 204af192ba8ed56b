"""Train one image classifier in nine ways: {single, DataParallel, DDP} x {plain, autocast, autocast + GradScaler}.

    python examples/amp_parallel.py --out runs/amp_parallel
    python examples/amp_parallel.py --out runs/amp_parallel --ranks 4 --tensorboard
    python examples/amp_parallel_evaluate.py runs/amp_parallel/*.pt --device cpu

An AlexNet-like net learns scikit-learn's digits, enlarged to 32 x 32. Each way runs in processes of its own, DDP under
torchrun, on GPUs where there are some and on the CPU where there are none. Time, accuracy and peak memory go into one
table (``results.md``) and, where matplotlib is installed, into one plot (``results.png``).
"""

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

import torchguard as tg

WAYS = ("single", "dp", "ddp")
AMPS = {"off": "plain", "bf16": "autocast", "fp16": "autocast + GradScaler"}
SIZE = 32  # pixels
TEST_IMAGES = 360  # of 1797


@dataclass
class Result:
    """One row of the table."""

    way: str  # in words
    amp: str
    device: str
    seconds: float  # of training, without the start of the processes
    accuracy: float
    peak_mb: float  # of the GPUs' tensors, or of the processes, all ranks together


class AlexNet(nn.Module):
    """Five convolutions and three linear layers as in AlexNet, small enough for a CPU: (N, 1, 32, 32) to (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 48, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(48, 48, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(48, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(32 * 4 * 4, 128),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images))


def load_data() -> tuple[Tensor, Tensor]:
    """Images of shape (N, 1, 32, 32) in 0 to 1, and labels of shape (N,)."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    return F.interpolate(images, size=SIZE, mode="bilinear"), torch.tensor(digits.target)


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    with tg.eval_mode(model):
        hits = [(model(x).argmax(1) == y).sum() for x, y in zip(images.split(120), labels.split(120), strict=True)]
    return torch.stack(hits).sum().item() / len(labels)


def wrapped(model: nn.Module, way: str) -> tuple[nn.Module, str]:
    """The model for this way, and what it comes to on this machine."""
    if way == "single":
        return model, "single process"
    if way == "ddp":
        return tg.ddp(model), f"DDP, {dist.get_world_size() if dist.is_initialized() else 1} ranks"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        parallel = tg.dp(model)
    for warning in said:
        print(f"DataParallel: {warning.message}", flush=True)
    gpus = torch.cuda.device_count()
    return parallel, f"DataParallel, {gpus} GPUs" if gpus > 1 else f"DataParallel on {gpus} GPUs: the module alone"


def peak_mb(device: torch.device) -> float:
    if device.type == "cuda":
        return sum(torch.cuda.max_memory_allocated(index) for index in range(torch.cuda.device_count())) / 2**20
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def sum_over_ranks(value: float) -> float:
    if not dist.is_initialized():
        return value
    values = [0.0] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return sum(values)


def train(args: argparse.Namespace, env: tg.Environment) -> Result:
    images, labels = tg.to_device(load_data(), env.device)
    train_images, train_labels = images[TEST_IMAGES:], labels[TEST_IMAGES:]

    model, words = wrapped(AlexNet().to(env.device), args.way)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    steps = args.epochs * -(-len(train_images) // args.batch_size)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=args.lr, total_steps=steps)
    step = tg.TrainStep(model, optimizer, scheduler, amp=args.amp, clip_norm=1.0)
    board = writer(args) if args.tensorboard and env.is_main else None

    began = time.perf_counter()
    for epoch in range(args.epochs):
        order = torch.randperm(len(train_images), generator=torch.Generator().manual_seed(epoch))
        mean = tg.Mean()
        for batch in order.split(args.batch_size):
            own = batch[env.rank :: env.world_size]  # the same batches for any number of ranks
            with step.autocast():
                loss = F.cross_entropy(model(train_images[own]), train_labels[own])
            step.backward(loss, weight=len(own))
            mean.add(loss, weight=len(own))
        tg.print_once(f"epoch {epoch + 1} loss {(value := mean.value()):.4f} skipped steps {step.skipped}")
        if board:
            board.add_scalar("loss", value, epoch + 1)
    seconds = time.perf_counter() - began

    plain = model.module if args.way != "single" and hasattr(model, "module") else model
    result = Result(
        words,
        AMPS[args.amp],
        str(env.device),
        seconds,
        accuracy(plain, images[:TEST_IMAGES], labels[:TEST_IMAGES]),
        sum_over_ranks(peak_mb(env.device)),
    )
    if env.is_main:
        torch.save(plain.state_dict(), args.out / f"{name_of(args)}.pt")
        (args.out / f"{name_of(args)}.json").write_text(json.dumps(asdict(result)), encoding="utf-8")
    if board:
        board.add_scalar("accuracy", result.accuracy, args.epochs)
        board.close()
    return result


def writer(args: argparse.Namespace):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        sys.exit("--tensorboard needs a package that is not installed; write pip install tensorboard")
    return SummaryWriter(args.out / "tensorboard" / name_of(args))


def name_of(args: argparse.Namespace) -> str:
    return f"{args.way}-{args.amp}"


def train_in_one_way(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    here = tg.distributed(seed=args.seed, device=args.device, timeout_s=120)
    with here as env, nullcontext() if env.is_main else warnings.catch_warnings():
        result = train(args, env)
        tg.print_once(f"{result.way}, {result.amp}: {result.accuracy:.3f} in {result.seconds:.1f} s on {result.device}")


def run_one_way(args: argparse.Namespace, way: str, amp: str) -> Result:
    """In processes of its own, so that the peak memory is its own, too."""
    torchrun = ["-m", "torch.distributed.run", f"--nproc-per-node={args.ranks}"]
    place = ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
    options = {"--epochs": args.epochs, "--batch-size": args.batch_size, "--lr": args.lr, "--seed": args.seed}
    options |= {"--out": args.out, "--threads": args.threads}
    options |= {"--device": args.device} if args.device else {}
    command = [sys.executable, *(torchrun + place if way == "ddp" else []), __file__, "--way", way, "--amp", amp]
    command += [str(word) for option in options.items() for word in option]
    result = args.out / f"{way}-{amp}.json"
    result.unlink(missing_ok=True)
    done = subprocess.run([*command, *(["--tensorboard"] if args.tensorboard else [])], check=False)
    if not result.exists():
        sys.exit(f"{way} with {AMPS[amp]} failed with exit status {done.returncode}; its messages are above")
    return Result(**json.loads(result.read_text(encoding="utf-8")))


def table(results: list[Result]) -> str:
    lines = [
        "| parallel | precision | device | time, s | accuracy | peak memory, MB |",
        "| --- | --- | --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {r.way} | {r.amp} | {r.device} | {r.seconds:.1f} | {r.accuracy:.3f} | {r.peak_mb:.0f} |" for r in results
    ]
    return "\n".join(lines) + "\n"


def plot(results: list[Result], path: Path) -> None:
    try:
        import matplotlib
    except ImportError:
        print("no plot: matplotlib is not installed; write pip install matplotlib")
        return
    matplotlib.use("agg")
    from matplotlib import pyplot

    names = [f"{r.way}\n{r.amp}" for r in results]
    figure, axes = pyplot.subplots(1, 3, figsize=(14, 6), sharey=True)
    for axis, field, title in zip(
        axes, ("seconds", "accuracy", "peak_mb"), ("time, s", "accuracy", "peak memory, MB"), strict=True
    ):
        values = [getattr(r, field) for r in results]
        axis.barh(names, values, color=[f"C{index // len(AMPS)}" for index in range(len(results))])
        axis.bar_label(axis.containers[0], fmt="%.3f" if field == "accuracy" else "%.0f", padding=2)
        axis.set_xlim(0, 1.2 * max(values))
        axis.set_title(title)
    axes[0].invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    print(f"plot: {path}")


def run_all_ways(args: argparse.Namespace) -> None:
    results = [run_one_way(args, way, amp) for way in WAYS for amp in AMPS]
    (args.out / "results.md").write_text(table(results), encoding="utf-8")
    print(f"\n{table(results)}")
    plot(results, args.out / "results.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/amp_parallel"))
    parser.add_argument("--way", choices=WAYS, help="only this one, in this process")
    parser.add_argument("--amp", choices=AMPS, default="off", help="with --way")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="default: GPUs where there are some")
    parser.add_argument("--ranks", type=int, default=2, help="of DDP")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=64, help="over all ranks together")
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="of each process on the CPU")
    parser.add_argument("--tensorboard", action="store_true", help="log each way below OUT/tensorboard")
    args = parser.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    if args.way:
        train_in_one_way(args)
    else:
        run_all_ways(args)


if __name__ == "__main__":
    main()
