"""What an inherited method calls is looked up in the file that it stands in, and not in this one."""

from torch import nn

from trainers import Trainer


def start_over_and_advance(optimizer, loss):
    loss.backward()
    optimizer.step()


class MeanTrainer(Trainer):
    def loss_of(self, batch):
        return self.model(batch).mean()


def train(loader):
    MeanTrainer(nn.Linear(4, 1)).run(loader)  # [missing-zero-grad]


def train_rightly(loader):
    MeanTrainer(nn.Linear(4, 1)).run_rightly(loader)
