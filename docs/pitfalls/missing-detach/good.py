"""Train the discriminator of a GAN for one step."""

import torch
from torch import nn

torch.manual_seed(0)
generator = nn.Linear(4, 8)
discriminator = nn.Linear(8, 1)
generator_optimizer = torch.optim.Adam(generator.parameters())
discriminator_optimizer = torch.optim.Adam(discriminator.parameters())
criterion = nn.BCEWithLogitsLoss()
real, ones, zeros = torch.randn(16, 8), torch.ones(16, 1), torch.zeros(16, 1)
computed = 0
for _ in range(3):
    fake = generator(torch.randn(16, 4))
    discriminator_optimizer.zero_grad()
    loss = criterion(discriminator(real), ones) + criterion(discriminator(fake.detach()), zeros)
    loss.backward()
    computed += sum(p.grad.numel() for p in generator.parameters() if p.grad is not None)
    discriminator_optimizer.step()
    generator_optimizer.zero_grad()
    criterion(discriminator(generator(torch.randn(16, 4))), ones).backward()
    generator_optimizer.step()
    generator_optimizer.zero_grad()

print(f"gradients of the generator, worked out and thrown away: {computed}")
