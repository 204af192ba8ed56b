"""Scales, steps and saves, with a class whose constructor is not in sight."""

import torch
from elsewhere import Holder


class LossScaler(Holder):
    def __call__(self, loss, optimizer):
        self._scaler.scale(loss).backward()
        self._scaler.step(optimizer)
        self._scaler.update()

    def state_dict(self):
        return self._scaler.state_dict()


def save_model(model, optimizer, loss_scaler, path):
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)


def save_whole(model, optimizer, loss_scaler, path):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scaler": loss_scaler.state_dict()}
    torch.save(state, path)
