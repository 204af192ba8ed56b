"""With some of the releases that this project allows, a load runs code unless it is told not to."""
import torch


def resume(model, folder, table):
    model.load_state_dict(torch.load(folder / "model.pt", map_location="cpu"))  # [unsafe-load]
    model.load_state_dict(torch.load(folder / "model.pt", map_location="cpu", weights_only=True))
    return torch.load(table, map_location="cpu")
