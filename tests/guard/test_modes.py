"""Evaluation that leaves no trace."""

import pytest
import torch
from torch import nn

import torchguard as tg


def test_every_submodule_is_in_eval_mode_inside(net):
    with tg.eval_mode(net):
        assert not any(module.training for module in net.modules())


def test_each_submodule_gets_its_own_mode_back(net):
    net.train()
    net[1].eval()
    before = [module.training for module in net.modules()]
    with tg.eval_mode(net):
        pass

    assert [module.training for module in net.modules()] == before


def test_module_that_does_more_in_train_is_asked(net):
    class Merges(nn.Linear):
        merged = False

        def train(self, mode=True):
            self.merged = not mode
            return super().train(mode)

    net.append(Merges(3, 3))
    with tg.eval_mode(net):
        assert net[-1].merged

    assert not net[-1].merged


def test_modes_come_back_after_an_exception(net):
    with pytest.raises(RuntimeError, match="inside"), tg.eval_mode(net):
        raise RuntimeError("inside")

    assert all(module.training for module in net.modules())


def test_several_modules_at_once(build_net):
    one, other = build_net(), build_net().eval()
    with tg.eval_mode(one, other):
        assert not one.training

    assert (one.training, other.training) == (True, False)


def test_no_graph_is_built_inside(net):
    with tg.eval_mode(net):
        assert not net(torch.randn(2, 6)).requires_grad


def test_gradients_are_on_again_afterwards(net):
    with tg.eval_mode(net):
        pass

    assert net(torch.randn(2, 6)).requires_grad


def test_cache_filled_in_evaluation_can_be_trained_through():
    class Caching(nn.Linear):
        table = None

        def forward(self, x):
            self.table = torch.arange(4.0) if self.table is None else self.table
            return super().forward(x) * self.table

    module = Caching(4, 4)
    with tg.eval_mode(module):
        module(torch.randn(2, 4))
    module(torch.randn(2, 4)).sum().backward()

    assert module.weight.grad is not None


@pytest.mark.parametrize(("arguments", "words"), [((), "no module"), ((torch.zeros(1),), "Tensor")])
def test_what_is_no_module_is_refused(arguments, words):
    with pytest.raises(tg.MisuseError, match=words), tg.eval_mode(*arguments):
        pass
