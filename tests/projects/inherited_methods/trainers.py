"""Trainers to inherit from: their methods call functions of this file."""

from torch.optim import SGD


def advance(optimizer, loss):
    loss.backward()
    optimizer.step()


def start_over_and_advance(optimizer, loss):
    optimizer.zero_grad()
    advance(optimizer, loss)


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = SGD(model.parameters(), lr=0.1)

    def run(self, loader):
        for batch in loader:
            advance(self.optimizer, self.loss_of(batch))

    def run_rightly(self, loader):
        for batch in loader:
            start_over_and_advance(self.optimizer, self.loss_of(batch))
