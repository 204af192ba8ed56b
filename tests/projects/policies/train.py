"""Nothing in the policy depends on the mode: it may act as it is; over a data set it is put in eval mode all the same."""

import torch
from nets import Policy


def imitate(loader):
    policy = Policy()
    optimizer = torch.optim.Adam(policy.parameters())
    for observations, actions in loader:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(policy(observations), actions).backward()
        optimizer.step()
    return policy


def test_agent(env, loader):
    policy = imitate(loader)
    for _ in range(10):
        observation, done = env.reset(), False
        while not done:
            observation, done = env.step(policy.act(torch.as_tensor(observation)))


def test_on_data(loader, test_loader):
    policy = imitate(loader)
    for observations, actions in test_loader:
        print((policy.act(observations) == actions).sum())  # [missing-eval]
