"""Train a generator to please a critic, and the critic to tell it from the real data."""

import torch
from torch import nn

torch.manual_seed(0)
generator, critic = nn.Linear(4, 8), nn.Linear(8, 1)
generator_optimizer = torch.optim.SGD(generator.parameters(), lr=0.01)
critic_optimizer = torch.optim.SGD(critic.parameters(), lr=0.01)
ratios = []
for real in torch.randn(50, 16, 8) + 2:
    fake = generator(torch.randn(16, 4))
    (-critic(fake).mean()).backward()
    generator_optimizer.step()
    generator_optimizer.zero_grad()

    loss = critic(fake.detach()).mean() - critic(real).mean()
    alone = torch.autograd.grad(loss, critic.weight, retain_graph=True)[0]
    loss.backward()
    ratios.append(((critic.weight.grad - alone).norm() / alone.norm()).item())
    critic_optimizer.step()  # [zero-grad-scope]
    critic_optimizer.zero_grad()

print(f"share of the critic's gradient that is not of its own loss: {sum(ratios) / len(ratios):.2f}")
