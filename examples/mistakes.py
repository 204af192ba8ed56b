"""Train a classifier on scikit-learn's digits. It raises no error, yet six lines are wrong: run ``torchcheck`` on it."""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

WEIGHTS = Path("runs/digits.pt")


def get_loaders(device):
    digits = load_digits()
    images = torch.tensor(digits.data / 16, dtype=torch.float32)  # (1797, 64)
    labels = torch.tensor(digits.target)
    images.to(device)
    train, test = random_split(TensorDataset(images, labels), [1500, 297])
    return DataLoader(train, batch_size=50, shuffle=True), DataLoader(test, batch_size=99)


def get_model():
    model = nn.Sequential(nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
    if WEIGHTS.exists():  # go on from the last run
        state = torch.load(WEIGHTS)
        model.load_state_dict(state, strict=False)
    return model


def train_epoch(model, loader, criterion, optimizer):
    model.train()
    total = 0.0
    for images, labels in loader:
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss
    return total / len(loader)


def evaluate(model, loader):
    hits = 0
    with torch.no_grad():
        for images, labels in loader:
            hits += (model(images).argmax(dim=1) == labels).sum().item()
    return hits / len(loader.dataset)


def main():
    torch.manual_seed(0)
    device = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
    train_loader, test_loader = get_loaders(device)
    model = get_model().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(5):
        loss = train_epoch(model, train_loader, criterion, optimizer)
        print(f"epoch {epoch}: loss {loss:.3f}, accuracy {evaluate(model, test_loader):.3f}")
    WEIGHTS.parent.mkdir(exist_ok=True)
    torch.save(model.state_dict(), WEIGHTS)


if __name__ == "__main__":
    main()
