"""Helpers that save and load whatever they are given."""

import io

import torch


def keep(state, path):
    torch.save(state, path)


def keep_run(model, optimizer, epoch, path):
    keep({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, path)


def keep_on_main(*args, **kwargs):
    if torch.distributed.get_rank() == 0:
        torch.save(*args, **kwargs)


def read(path):
    return torch.load(path, map_location="cpu")


def take_up(model, optimizer, path):
    checkpoint = read(path)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    return checkpoint["epoch"] + 1


def copied(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, map_location="cpu")
