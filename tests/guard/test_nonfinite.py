"""diagnose_nonfinite: each cause told apart, with the module, the operation, the line and the sample."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import torchguard as tg

SAMPLES = 8


class Head(nn.Module):
    """(N, 4) in, (N, 3) out, by way of an operation that is asked for."""

    def __init__(self, operation):
        super().__init__()
        self.operation = operation
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.operation(self.fc(x))  # the line that is named


class Net(nn.Module):
    def __init__(self, operation=torch.tanh):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.head = Head(operation)

    def forward(self, x):
        return self.head(self.norm(x))


@pytest.fixture
def x():
    return torch.randn(SAMPLES, 4)


def test_finite_step_is_called_finite(x):
    net = Net()
    found = tg.diagnose_nonfinite(lambda x: net(x).mean(), x, optimizer=torch.optim.Adam(net.parameters()))

    assert found.cause == "none"
    assert str(found).startswith("all is finite")


# dirty data


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_dirty_sample_is_named_by_its_index(x, bad):
    x[5, 2] = bad
    found = tg.diagnose_nonfinite(lambda batch: Net()(batch["x"]).mean(), {"x": x})

    assert (found.cause, found.sample) == ("data", 5)
    assert "args[0]['x']" in found.what


def test_dirty_tensor_from_outside_the_arguments_is_found_where_it_is_used(x):
    target = torch.zeros(SAMPLES, 3)
    target[3] = float("nan")
    net = Net()
    found = tg.diagnose_nonfinite(lambda x: F.mse_loss(net(x), target), x)

    assert (found.cause, found.operation, found.sample) == ("data", "mse_loss", 3)


def test_finite_sample_out_of_all_proportion_is_dirty_data(x):
    x[6, 0] = 3e30
    net = nn.Linear(4, 3)
    found = tg.diagnose_nonfinite(lambda x: net(x).square().mean(), x)

    assert (found.cause, found.sample) == ("data", 6)


# the forward pass


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (lambda y: torch.log(y.relu() * 0), "log"),
        (lambda y: y / (y - y), "div"),
        (lambda y: (y - y).pow(-1), "pow"),
        (lambda y: (y.abs() + 2).acos(), "acos"),
        (lambda y: (y.abs() + 100).exp(), "exp"),
        (lambda y: torch.sqrt(-1 - y.abs()), "sqrt"),
    ],
)
def test_operation_at_the_edge_is_named_with_module_and_line(x, operation, name):
    net = Net(operation)
    found = tg.diagnose_nonfinite(lambda x: net(x).mean(), x)

    assert (found.cause, found.operation, found.module) == ("forward", name, "Net.head")
    assert found.place.startswith("test_nonfinite.py:")
    assert found.write


def test_first_bad_sample_of_an_operation_is_named():
    x = torch.rand(SAMPLES, 4) + 1
    x[4] = 0

    found = tg.diagnose_nonfinite(lambda x: torch.log(x).sum().requires_grad_(), x)

    assert (found.operation, found.sample) == ("log", 4)


def test_first_operation_is_named_and_not_those_that_it_spoils(x):
    net = Net(lambda y: (torch.log(y * 0) * 0).softmax(1).exp())

    assert tg.diagnose_nonfinite(lambda x: net(x).mean(), x).operation == "log"


def test_operation_in_place_is_named_like_any_other(x):
    net = Net(lambda y: (y * 0).log_())
    found = tg.diagnose_nonfinite(lambda x: net(x).mean(), x)

    assert (found.cause, found.operation, found.module) == ("forward", "log_", "Net.head")


def test_derivative_at_the_edge_is_told_from_the_value(x):
    net = Net(lambda y: torch.sqrt(y * 0))
    found = tg.diagnose_nonfinite(lambda x: net(x).mean(), x)

    assert (found.cause, found.operation, found.module) == ("forward", "backward of sqrt", "Net.head")


def test_mask_of_minus_inf_is_no_finding(x):
    net = Net(lambda y: y.masked_fill(torch.eye(SAMPLES, 3, dtype=torch.bool), float("-inf")).softmax(1))

    assert tg.diagnose_nonfinite(lambda x: net(x).square().mean(), x).cause == "none"


def test_row_that_is_masked_whole_is_named_at_the_softmax(x):
    mask = torch.zeros(SAMPLES, 3, dtype=torch.bool)
    mask[2] = True
    net = Net(lambda y: y.masked_fill(mask, float("-inf")).softmax(1))
    found = tg.diagnose_nonfinite(lambda x: net(x).mean(), x)

    assert (found.operation, found.sample) == ("softmax", 2)
    assert "masked_fill" in found.what


def test_activations_that_grow_are_told_from_layer_to_layer(x):
    net = nn.Sequential(*(nn.Linear(4, 4) for _ in range(30)))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(30)
    found = tg.diagnose_nonfinite(lambda x: net(x).mean(), x)

    assert found.cause == "forward"
    assert "Sequential.0 " in found.what


# the gradient


@pytest.fixture
def exploded(x):
    """A net that was trained with far too large steps, until its loss is finite no more."""
    net = nn.Sequential(*(nn.Linear(4, 4) for _ in range(6)))
    optimizer = torch.optim.SGD(net.parameters(), lr=100.0)
    while torch.isfinite(loss := net(x).square().mean()):
        optimizer.zero_grad()
        loss.backward()
        last = copy.deepcopy(net)
        optimizer.step()
    return last, net


def test_weights_that_exploded_are_told_from_an_operation_at_its_edge(x, exploded):
    _, net = exploded
    found = tg.diagnose_nonfinite(lambda x: net(x).square().mean(), x)

    assert found.cause in {"gradient", "weights"}


def test_gradient_that_overflows_on_the_way_down_is_exploding(x):
    net = nn.Sequential(*(nn.Linear(4, 4, bias=False) for _ in range(6)))
    with torch.no_grad():
        for layer in net:
            layer.weight.fill_(1e9)
    found = tg.diagnose_nonfinite(lambda x: net(x * 0).sum(), x)

    assert found.cause == "gradient"
    assert "clip_norm" in found.write


def test_norm_that_overflows_is_exploding(x):
    weight = nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([weight], lr=0.1)

    assert tg.diagnose_nonfinite(lambda: (weight * 1e25).sum(), optimizer=optimizer).cause == "gradient"


# fp16, weights, optimizer


def test_too_large_for_float16_is_told_from_too_large(x):
    net = Net()

    def loss(x):
        with torch.autocast("cpu", dtype=torch.float16):
            return net.head.fc(x * 1e6).float().mean()

    found = tg.diagnose_nonfinite(loss, x)

    assert (found.cause, found.operation) == ("fp16", "linear")


def test_scaled_gradient_too_large_for_float16_is_fp16(x):
    net = Net()

    def loss(x):
        with torch.autocast("cpu", dtype=torch.float16):
            out = net(x)
        return out.float().mean()

    assert tg.diagnose_nonfinite(loss, x, loss_scale=2.0**40).cause == "fp16"


def test_weights_that_were_bad_before_are_named(x):
    net = Net()
    with torch.no_grad():
        net.head.fc.bias[1] = float("nan")
    found = tg.diagnose_nonfinite(lambda x: net(x).mean(), x)

    assert (found.cause, found.module) == ("weights", "Net.head.fc")
    assert "Net.head.fc.bias" in found.what


def test_optimizer_that_makes_nan_of_finite_gradients_is_named(x):
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), eps=0.0)
    found = tg.diagnose_nonfinite(lambda x: net(x).mean() * 0, x, optimizer=optimizer)

    assert (found.cause, found.operation) == ("optimizer", "Adam.step")


def test_bad_state_of_the_optimizer_is_named(x):
    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    net(x).mean().backward()
    optimizer.step()
    optimizer.state[net.head.fc.bias]["exp_avg"][0] = float("nan")
    found = tg.diagnose_nonfinite(lambda x: net(x).mean(), x, optimizer=optimizer)

    assert found.cause == "optimizer"
    assert "1 nan of 3 values in exp_avg of Net.head.fc.bias" in found.what


# what it leaves alone


def test_nothing_is_changed(x, same):
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    optimizer = torch.optim.Adam(net.parameters(), eps=0.0)
    net(x).mean().backward()
    optimizer.step()
    before = copy.deepcopy((net, optimizer.state_dict(), [p.grad for p in net.parameters()]))
    random = torch.get_rng_state()
    tg.diagnose_nonfinite(lambda x: net(x).mean() * 0, x, optimizer=optimizer)

    assert same(net, before[0])
    assert str(optimizer.state_dict()) == str(before[1])
    assert all(torch.equal(p.grad, grad) for p, grad in zip(net.parameters(), before[2], strict=True))
    assert torch.equal(torch.get_rng_state(), random)


def test_dropout_is_replayed_as_it_was():
    zeros = torch.zeros(1)
    rng = tg.rng_state()
    assert (F.dropout(torch.ones(64)) == 0).any()

    def loss(x):
        return (x / F.dropout(torch.ones(64))).sum().requires_grad_()

    first = tg.diagnose_nonfinite(loss, zeros + 1, rng=rng)
    torch.rand(7)

    assert tg.diagnose_nonfinite(loss, zeros + 1, rng=rng) == first


def test_compiled_module_is_seen_through(x):
    net = Net(lambda y: torch.log(y * 0))
    compiled = torch.compile(net, backend="eager")
    found = tg.diagnose_nonfinite(lambda x: compiled(x).mean(), x)

    assert found.operation == "log"
    assert found.module.endswith("head")


def test_loss_that_is_no_tensor_is_refused(x):
    with pytest.raises(tg.MisuseError, match=r"without \.item\(\)"):
        tg.diagnose_nonfinite(lambda x: x.sum().item(), x)
