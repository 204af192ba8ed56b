"""Builds; engine trains. The objects are made here and misused there, so only the two files together show it."""

import torch
from torch.utils.data import DataLoader

import engine
from models import Net, build_model
from utils import AverageMeter, freeze, load


def wrong(train_set, val_set):
    model = build_model()
    freeze(model.layers)
    optimizer = torch.optim.Adam(model.parameters())  # [frozen-params-in-optimizer]
    train_loader, val_loader = DataLoader(train_set, batch_size=8), DataLoader(val_set)
    for _ in range(3):
        engine.train_right(model, train_loader, optimizer)  # [frozen-batchnorm-updates]
        print(engine.evaluate(model, val_loader))  # [missing-eval]


def right(train_set, val_set):
    model = Net()
    load(model, "weights.pt")
    optimizer = torch.optim.Adam(model.parameters())
    train_loader, val_loader = DataLoader(train_set, batch_size=8), DataLoader(val_set)
    for _ in range(3):
        engine.train_right(model, train_loader, optimizer)
        print(engine.evaluate_right(model, val_loader))


def reported_in_engine(train_set):
    model = Net()
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(3):
        engine.train_one_epoch(model, DataLoader(train_set), optimizer)


def measured(train_set):
    model = build_model()
    optimizer = torch.optim.SGD(model.parameters())
    live, numbers = AverageMeter(), AverageMeter()
    for batch in DataLoader(train_set):
        optimizer.zero_grad()
        loss = model(batch).mean()
        live.update(loss, len(batch))  # [loss-accumulation]
        numbers.update(loss.item(), len(batch))
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    wrong([], [])
    right([], [])
    reported_in_engine([])
    measured([])
