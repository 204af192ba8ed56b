"""A condition that cannot change is decided once: no way goes to one side of it first and to the other side later."""

from __future__ import annotations

import pytest
from reading import CALLED_IN_EVAL_MODE, IMPORTS, broken_in, verbs_of

AROUND = (
    IMPORTS
    + """\
import argparse
import settings
model = nn.Linear(8, 8)
x = torch.randn(4, 8)
parser = argparse.ArgumentParser()
args = parser.parse_args()
"""
)


def modes(source: str) -> list[str]:
    return broken_in(source, CALLED_IN_EVAL_MODE, objects=AROUND)


def once(first: str, later: str, *, before: str = "", between: str = "", given: str = "flag") -> str:
    """Return a program that evaluates a model unless ``first`` holds, and calls it where ``later`` holds."""
    return f"""
def run({given}):
    model.train()
    {before or "pass"}
    if not ({first}):
        model.eval()
    {between or "pass"}
    if {later}:
        model(x)
run({", ".join(["input()"] * len(given.split(",")))})
"""


class TestSettings:
    @pytest.mark.parametrize(
        ("first", "later"),
        [
            ("flag", "flag"),
            ("flag", "not not flag"),
            ("flag", "flag and x"),
            ("not flag", "not flag"),
            ("not (flag or x)", "not (flag or x)"),
            ("flag is None", "flag is None"),
            ("flag is not None", "flag is not None"),
            ("flag is not None", "flag"),
            ("flag == 'half'", "flag == 'half'"),
            ("flag != 'half'", "not flag == 'half'"),
            ("flag in ('a', 'b')", "flag in ('a', 'b')"),
            ("args.amp", "args.amp"),
            ("getattr(args, 'amp', False)", "args.amp"),
            ("args['amp']", "args['amp']"),
            ("args.train.amp", "bool(args.train.amp)"),
            ("flag == torch.float16", "flag == torch.float16"),
            ("torch.cuda.is_available()", "torch.cuda.is_available()"),
            ("settings.AMP", "settings.AMP"),
            ("flag and args.amp", "flag and args.amp"),
        ],
    )
    def test_is_decided_once(self, first: str, later: str) -> None:
        assert modes(once(first, later)) == ["model(x)"]

    @pytest.mark.parametrize(
        ("first", "later"),
        [
            ("flag", "not flag"),
            ("flag", "args.flag"),
            ("flag", "flag or x"),
            ("flag and args.amp", "flag"),
            ("flag", "flag is not None"),
            ("flag is None", "flag is not None"),
            ("flag == 'half'", "flag == 'full'"),
            ("flag.ready", "flag.ready"),
            ("model.training", "model.training"),
            ("args.sync_gradients", "args.sync_gradients"),
            ("flag()", "flag()"),
            ("flag % 2", "flag % 2"),
        ],
    )
    def test_is_another_one(self, first: str, later: str) -> None:
        assert modes(once(first, later)) == []

    @pytest.mark.parametrize(
        "between", ["flag = input()", "for flag in x: pass", "flag += 1", "import flag", "args.amp = input()"]
    )
    def test_is_none_if_it_is_set_between(self, between: str) -> None:
        assert modes(once("flag and args.amp", "flag and args.amp", between=between)) == []

    def test_is_none_if_it_is_a_list_that_may_grow(self) -> None:
        assert modes(once("found", "found", before="found = []", between="found.append(x)")) == []

    def test_set_before_is_one(self) -> None:
        assert modes(once("amp", "amp", before="amp = input()")) == ["model(x)"]

    def test_has_the_name_of_what_it_was_given(self) -> None:
        assert modes(once("amp", "args.amp", before="amp = args.amp")) == ["model(x)"]

    def test_is_handed_on(self) -> None:
        source = """
            def evaluate(fast):
                if not fast:
                    model.eval()

            def call(*, also_fast):
                if also_fast:
                    model(x)

            def run(fast):
                model.train()
                evaluate(fast)
                call(also_fast=fast)
            run(input())
        """

        assert modes(source) == ["model(x)"]

    def test_chosen_object_tells_of_the_choice(self) -> None:
        for choice in ("it = nn.Linear(2, 2) if flag else None", "it = None\n    if flag: it = nn.Linear(2, 2)"):
            assert modes(once("flag", "it is not None", before=choice)) == ["model(x)"]

    def test_object_that_is_none_tells_of_the_choice(self) -> None:
        assert modes(once("not flag", "it is None", before="it = nn.Linear(2, 2) if flag else None")) == ["model(x)"]

    def test_attribute_that_only_the_constructor_sets_is_one(self) -> None:
        source = """
            class Trainer:
                def __init__(self, fast):
                    self.fast = fast

                def run(self):
                    model.train()
                    if not self.fast:
                        model.eval()
                    if self.fast:
                        model(x)
            Trainer(input()).run()
        """

        assert modes(source) == ["model(x)"]
        assert modes(source.replace("def run", "def slow(self): self.fast = False\n                def run")) == []


class TestWays:
    def test_of_an_earlier_jump_do_not_arrive(self) -> None:
        source = """
            def run(flag):
                for batch in x:
                    model.train()
                    if not flag:
                        model.eval()
                        continue
                    if flag:
                        model(x)
            run(input())
        """

        assert modes(source) == ["model(x)"]

    def test_past_a_branch_do_not_arrive_in_it(self) -> None:
        source = """
            def run(flag):
                model.eval()
                if flag:
                    model.train()
                if flag:
                    model(x)
            run(input())
        """

        assert modes(source) == ["model(x)"]

    def test_out_of_an_iteration_do_not_arrive_where_it_is_gone_through(self) -> None:
        source = """
            def run(flag):
                model.eval()
                for batch in x:
                    if not flag:
                        continue
                    model.train()
                if flag:
                    model(x)
            run(input())
        """

        assert modes(source) == ["model(x)"]

    def test_through_what_stands_under_no_condition_arrive(self) -> None:
        assert modes(once("flag", "flag", between="if x: model.eval()")) == []

    def test_of_another_iteration_arrive_if_the_loop_sets_the_condition(self) -> None:
        source = """
            def run(flags):
                model.train()
                for flag in flags:
                    if not flag:
                        model.eval()
                    if flag:
                        model(x)
            run(input())
        """

        assert modes(source) == []

    def test_of_another_call_arrive_if_it_hands_over_something_else(self) -> None:
        source = """
            def turn(flag):
                if not flag:
                    model.eval()
                if flag:
                    model(x)

            model.train()
            for epoch in range(3):
                turn(epoch > 1)
        """

        assert modes(source) == []

    def test_that_a_call_has_decided_otherwise_are_read_for_other_calls(self) -> None:
        source = """
            def work(fast):
                if fast:
                    model.eval()

            def run(fast):
                if not fast:
                    work(fast)
            run(input())
        """

        assert "EvalMode" in verbs_of(source)


class TestObjects:
    @pytest.mark.parametrize("first", ["if flag: made = nn.Linear(8, 8)", "made = nn.Linear(8, 8)"])
    def test_made_on_the_other_side_is_not_meant(self, first: str) -> None:
        source = f"""
            def run(flag):
                {first}
                if not flag:
                    made = nn.Linear(4, 4)
                if flag:
                    made(x)
            run(input())
        """

        assert modes(source) == ["made(x)"]

    def test_made_on_different_sides_do_not_exist_together(self) -> None:
        source = """
            def run(flag):
                if flag:
                    made = nn.Linear(8, 8)
                if not flag:
                    made = nn.Linear(4, 4)
                made(x)
            run(input())
        """

        assert modes(source) == ["made(x)"]

    def test_switched_on_for_another_call_is_on(self) -> None:
        source = """
            def work(amp):
                scaler = torch.amp.GradScaler(enabled=amp)
                loss = model(x).mean()
                if amp:
                    scaler.scale(loss).backward()

            def run(amp):
                if not amp:
                    work(amp)
            run(input())
        """

        assert "ScaledBackward" in verbs_of(source)

    def test_switched_off_scaler_scales_nothing(self) -> None:
        source = """
            def run(amp):
                scaler = torch.amp.GradScaler(enabled=amp)
                loss = model(x).mean()
                if {test}:
                    scaler.scale(loss).backward()
            run(input())
        """

        assert "ScaledBackward" in verbs_of(source.format(test="amp"))
        assert "ScaledBackward" not in verbs_of(source.format(test="not amp"))

    def test_switched_off_autocast_is_none(self) -> None:
        source = """
            def run(amp):
                with torch.autocast("cuda", enabled=amp):
                    loss = model(x).mean()
                if {test}:
                    loss.backward()
            run(input())
        """

        assert "HalfBackward" in verbs_of(source.format(test="amp"))
        assert "HalfBackward" not in verbs_of(source.format(test="not amp"))
