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
