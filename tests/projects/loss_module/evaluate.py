"""What another file holds may change: a net that is trained here is put in eval mode all the same; a loss is not."""

import torch
from losses import SmoothedCrossEntropy
from nets import Net


def run(train_batches, val_batches):
    net, loss_of = Net(), SmoothedCrossEntropy()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y in train_batches:
        optimizer.zero_grad()
        loss_of(net(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        for x, y in val_batches:
            print(loss_of(net(x), y).item())  # [missing-eval]
