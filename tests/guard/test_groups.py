"""param_groups: what is trained, once, and decayed only where it should be."""

import pytest
import torch
from torch import nn

import torchguard as tg


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(5, 4)
        self.pos_embed = nn.Parameter(torch.zeros(1, 3, 4))
        self.scale = nn.Parameter(torch.ones(4))
        self.attention = nn.MultiheadAttention(4, 2)
        self.norm = nn.LayerNorm(4)
        self.fc = nn.Linear(4, 5)


@pytest.fixture
def names():
    """Names of a group's parameters in a module."""

    def look_up(module, group):
        by_id = {id(parameter): name for name, parameter in module.named_parameters()}
        return {by_id[id(parameter)] for parameter in group["params"]}

    return look_up


def test_norms_biases_and_scales_are_not_decayed(names):
    module = Net()
    decayed, left = tg.param_groups(module, weight_decay=0.1)

    assert names(module, decayed) == {
        "tokens.weight", "pos_embed", "attention.in_proj_weight", "attention.out_proj.weight", "fc.weight",
    }  # fmt: skip
    assert (decayed["weight_decay"], left["weight_decay"]) == (0.1, 0.0)


def test_embeddings_are_left_by_choice(names):
    module = Net()
    decayed, _ = tg.param_groups(module, weight_decay=0.1, exempt=("norm", "bias", "embedding"))

    assert "tokens.weight" not in names(module, decayed)


def test_patterns_of_names_are_left(names):
    module = Net()
    _, left = tg.param_groups(module, weight_decay=0.1, exempt_names="pos_*")

    assert "pos_embed" in names(module, left)
    assert "fc.weight" not in names(module, left)


def test_nothing_is_lost_or_held_twice():
    module = Net()
    module.fc.weight = module.tokens.weight  # tied
    held = [parameter for group in tg.param_groups(module, weight_decay=0.1) for parameter in group["params"]]

    assert sorted(map(id, held)) == sorted(id(parameter) for parameter in module.parameters())


def test_shared_parameter_is_left_if_one_of_its_owners_is(names):
    module = nn.ModuleDict({"head": nn.Linear(4, 5, bias=False), "tokens": nn.Embedding(5, 4)})
    module["head"].weight = module["tokens"].weight
    (left,) = tg.param_groups(module, weight_decay=0.1, exempt=("embedding",))

    assert left["weight_decay"] == 0


def test_frozen_parameters_are_left_out(names):
    module = Net()
    tg.freeze(module.attention)
    held = set().union(*(names(module, group) for group in tg.param_groups(module, weight_decay=0.1)))

    assert not any(name.startswith("attention") for name in held)


def test_decay_pulls_only_what_is_decayed():
    module = Net()
    with torch.no_grad():
        module.norm.weight.fill_(2)
    optimizer = torch.optim.AdamW(tg.param_groups(module, weight_decay=0.5), lr=0.1)
    before = module.fc.weight.detach().clone()
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()

    assert torch.equal(module.norm.weight, torch.full((4,), 2.0))
    assert torch.allclose(module.fc.weight, before * 0.95)


def test_one_group_if_all_is_decayed():
    assert len(tg.param_groups(nn.Linear(2, 2, bias=False), weight_decay=0.1)) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weight_decay": -0.1}, "away from 0"),
        ({"weight_decay": 0.1, "exempt": ("pos_embed",)}, r"exempt_names=\('pos_embed',\)"),
        ({"weight_decay": 0.1, "exempt_names": ("*.positions",)}, "matches no parameter"),
    ],
)
def test_what_cannot_be_right_is_refused(options, words):
    with pytest.raises(tg.MisuseError, match=words):
        tg.param_groups(Net(), **options)


def test_module_with_nothing_to_train_is_refused():
    module = Net().requires_grad_(False)
    with pytest.raises(tg.MisuseError, match="none of the 11 parameters"):
        tg.param_groups(module, weight_decay=0.1)
