"""Load a file that somebody else has written, and of it only tensors."""

import pickle
import tempfile
from pathlib import Path

import torch


class Payload:
    def __reduce__(self):
        return print, ("code from the file is running",)


def somebody_elses_file(folder):
    path = Path(folder) / "model.pt"
    torch.save({"weight": torch.ones(2), "more": Payload()}, path)
    return path


with tempfile.TemporaryDirectory() as folder:
    path = somebody_elses_file(folder)
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        print("refused: the file holds more than weights")
