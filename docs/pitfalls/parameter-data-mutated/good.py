"""Train a critic and keep its weights within bounds."""

import torch
from torch import nn

torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 1))
optimizer = torch.optim.RMSprop(critic.parameters(), lr=0.01)
for _ in range(20):
    real, fake = torch.randn(32, 8) + 1, torch.randn(32, 8)
    loss = critic(fake).mean() - critic(real).mean()
    wanted = torch.autograd.grad(loss, critic[0].weight, retain_graph=True)[0]
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.clamp_(-0.1, 0.1)
    optimizer.zero_grad()
    try:
        loss.backward()
        print(f"gradient is off by {(critic[0].weight.grad - wanted).norm() / wanted.norm():.0%}, and nothing was said")
        optimizer.step()
    except RuntimeError as error:
        print(f"RuntimeError: {str(error)[:80]}...")
    break
