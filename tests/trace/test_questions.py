"""What pitfalls may ask of attributes, comparisons, shapes, and modules in plain lists."""

from __future__ import annotations

import pytest
from reading import IMPORTS, program_of

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = {layers}
        {more}
"""


def hidden_in(layers: str, more: str = "pass") -> int:
    """Return how many modules are hidden in the attribute ``layers``."""
    program = program_of(NET.format(layers=layers, more=more), IMPORTS)
    (assignment,) = program.assignments("layers")
    return len(program.hidden_modules(assignment))


class TestAttributes:
    def test_what_is_assigned_is_known(self) -> None:
        (assignment,) = program_of("model.extra = x").assignments("extra")

        assert assignment.value_text == "x"
        assert {value.kind.name for value in assignment.receivers} == {"MODULE"}

    def test_a_method_in_a_call_is_not_read(self) -> None:
        assert not list(program_of("optimizer.step()").attributes("step"))

    def test_an_index_is_known(self) -> None:
        (attribute,) = program_of("y = x.data[0]").attributes("data")

        assert attribute.index == 0


class TestScalars:
    @pytest.mark.parametrize(
        "source", ["x.mean()", "torch.sum(x)", "F.mse_loss(x, x)", "nn.MSELoss()(x, x) + 2 * x.sum()"]
    )
    def test_numbers_for_a_whole_tensor_are_scalar(self, source: str) -> None:
        program = program_of(f"({source}).data")

        assert all(program.is_scalar(value) for one in program.attributes("data") for value in one.receivers)

    @pytest.mark.parametrize("source", ["x", "x.mean(0)", "F.mse_loss(x, x, reduction='none')", "x.mean() + x"])
    def test_others_are_not(self, source: str) -> None:
        program = program_of(f"({source}).data")

        assert not any(program.is_scalar(value) for one in program.attributes("data") for value in one.receivers)


class TestHiddenModules:
    def test_modules_in_a_list_are_hidden(self) -> None:
        assert hidden_in("[nn.Linear(2, 2), nn.Linear(2, 2)]") == 2

    @pytest.mark.parametrize(
        "more", ["self.net = nn.Sequential(*self.layers)", "self.held = nn.ModuleList(self.layers)"]
    )
    def test_those_that_are_registered_are_not(self, more: str) -> None:
        assert hidden_in("[nn.Linear(2, 2), nn.Linear(2, 2)]", more) == 0

    def test_one_in_a_list_is_hidden_on_purpose(self) -> None:
        assert hidden_in("[nn.Linear(2, 2)]") == 0


class TestRecording:
    SOURCE = """
        def {name}(model, x):
            loss = model(x).mean()
            {more}
            return loss.numpy()
    """

    @pytest.mark.parametrize(("more", "answer"), [("loss.backward()", True), ("pass", False)])
    def test_is_certain_where_a_backward_pass_is(self, more: str, answer: bool) -> None:
        program = program_of(self.SOURCE.format(name="run", more=more))
        (call,) = program.method_calls("numpy")

        assert program.is_surely_recorded(call) is answer

    def test_is_certain_in_the_body_of_the_module(self) -> None:
        program = program_of("y = model(x).numpy()")
        (call,) = program.method_calls("numpy")

        assert program.is_surely_recorded(call)


class TestDevices:
    @pytest.mark.parametrize(
        "source", ["x.cuda()", "x.to('cuda:1')", "x.cuda().mean()", "x.to(torch.device('cuda'))", "x.cuda().detach()"]
    )
    def test_what_was_moved_there_is_there(self, source: str) -> None:
        program = program_of(f"{source}.numpy()")
        (call,) = program.method_calls("numpy")

        assert all(program.is_on_accelerator(value) for value in call.receivers)

    @pytest.mark.parametrize("source", ["x", "x.cuda().cpu()", "x.to(device)", "x.to('cpu')", "x.cuda().to(device)"])
    def test_nothing_is_said_of_the_rest(self, source: str) -> None:
        program = program_of(f"{source}.numpy()")
        (call,) = program.method_calls("numpy")

        assert not any(program.is_on_accelerator(value) for value in call.receivers)


class TestViews:
    @pytest.mark.parametrize(
        ("source", "answer"),
        [
            ("x.permute(0, 2, 1).view(4, -1)", True),
            ("x.permute(0, 2, 1).view(4, 2, -1)", False),
            ("x.transpose(1, 2).transpose(1, 2).view(4, -1)", False),
            ("x.view(2, 3, 4, 5).transpose(1, 2).view(2, 3, 20)", True),
            ("x.unsqueeze(0).expand(3, 4, 8).view(-1)", True),
            ("x.expand(3, 4).view(-1)", False),
            ("x.t().contiguous().view(-1)", False),
            ("x.t().view(size)", False),
        ],
    )
    def test_fail_where_they_have_fewer_dimensions_than_there_are_runs(self, source: str, answer: bool) -> None:
        program = program_of(source)
        *_, call = sorted(program.method_calls("view"), key=lambda one: len(one.text))

        assert program.is_impossible_view(call) is answer
