"""A protocol is broken where every way that leads there breaks it."""

from __future__ import annotations

from reading import CALLED_IN_EVAL_MODE, CLEARED_BEFORE_STEP, IMPORTS, broken_in, program_of

from pylint_torchcheck.pitfalls.protocol import BROKEN, Protocol
from pylint_torchcheck.pitfalls.vocabulary import (
    Backward,
    EvalMode,
    Forward,
    Kind,
    OptimizerStep,
    SchedulerStep,
    StepElsewhere,
)


def modes(source: str) -> list[str]:
    return broken_in(source, CALLED_IN_EVAL_MODE)


def steps(source: str) -> list[str]:
    return broken_in(source, CLEARED_BEFORE_STEP)


class TestStraight:
    def test_broken_in_its_first_state(self) -> None:
        assert modes("model(x)") == ["model(x)"]

    def test_whole_after_its_cure(self) -> None:
        assert modes("model.eval()\nmodel(x)") == []

    def test_broken_again(self) -> None:
        assert modes("model.eval()\nmodel.train()\nmodel(x)") == ["model(x)"]

    def test_each_object_has_a_state_of_its_own(self) -> None:
        assert modes("model.eval()\nother(x)\nmodel(x)") == ["other(x)"]

    def test_alias_has_the_state_of_its_object(self) -> None:
        assert modes("net = model\nnet.eval()\nmodel(x)") == []

    def test_part_follows_the_whole(self) -> None:
        assert modes("model.eval()\nmodel[0](x)") == []

    def test_wrapper_follows_what_it_wraps(self) -> None:
        assert modes("ddp = nn.DataParallel(model)\nmodel.eval()\nddp(x)") == []

    def test_broken_path_is_dropped(self) -> None:
        assert steps("optimizer.zero_grad()\noptimizer.step()\noptimizer.step()  # 2\noptimizer.step()  # 3") == [
            "optimizer.step()  # 2"
        ]


class TestBranches:
    def test_one_way_that_is_whole_is_enough(self) -> None:
        assert modes("if input():\n    model.eval()\nmodel(x)") == []

    def test_broken_on_both_ways(self) -> None:
        assert modes("if input():\n    model.train()\nelse:\n    print()\nmodel(x)") == ["model(x)"]

    def test_cured_on_both_ways(self) -> None:
        assert modes("if input():\n    model.eval()\nelse:\n    model.train(False)\nmodel(x)") == []

    def test_way_that_returns_does_not_arrive(self) -> None:
        source = """
            def f():
                if input():
                    model.eval()
                    return
                model(x)
            model.train()
            f()
        """

        assert modes(source) == ["model(x)"]

    def test_way_that_raises_does_not_arrive(self) -> None:
        assert modes("if input():\n    model.eval()\n    raise ValueError\nmodel(x)") == ["model(x)"]

    def test_handler_may_come_from_anywhere_in_the_body(self) -> None:
        assert modes("try:\n    model.eval()\nexcept ValueError:\n    pass\nmodel(x)") == []

    def test_finally_comes_on_every_way(self) -> None:
        assert modes("try:\n    model.train()\nfinally:\n    model.eval()\nmodel(x)") == []


class TestLoops:
    def test_second_iteration_is_another(self) -> None:
        source = """
            optimizer.zero_grad()
            for _ in range(3):
                optimizer.step()
        """

        assert steps(source) == ["optimizer.step()"]

    def test_cleared_at_the_end_of_each_iteration(self) -> None:
        source = """
            optimizer.zero_grad()
            for _ in range(3):
                optimizer.step()
                optimizer.zero_grad()
        """

        assert steps(source) == []

    def test_cleared_in_some_iterations(self) -> None:
        source = """
            optimizer.zero_grad()
            for i in range(3):
                if i % 2:
                    optimizer.step()
                    optimizer.zero_grad()
        """

        assert steps(source) == []

    def test_continue_leads_to_the_next_iteration(self) -> None:
        source = """
            optimizer.zero_grad()
            for i in range(3):
                optimizer.step()
                if input():
                    continue
                optimizer.zero_grad()
        """

        assert steps(source) == []

    def test_continue_on_every_way_skips_the_cure(self) -> None:
        source = """
            optimizer.zero_grad()
            for i in range(3):
                optimizer.step()
                continue
                optimizer.zero_grad()
        """

        assert steps(source) == ["optimizer.step()"]

    def test_break_leads_behind_the_loop(self) -> None:
        source = """
            for i in range(3):
                model.eval()
                break
            model(x)
        """

        assert modes(source) == []

    def test_body_runs_at_least_once(self) -> None:
        assert modes("model.eval()\nfor i in range(3):\n    model.train()\nmodel(x)") == ["model(x)"]


class TestProtocols:
    def test_step_of_another_optimizer_is_no_step_of_this_one(self) -> None:
        table = Protocol(
            of=Kind.OPTIMIZER,
            start="first",
            moves={("first", StepElsewhere): "second", ("second", OptimizerStep): BROKEN},
        )
        source = "second = torch.optim.SGD(other.parameters(), lr=0.1)\nsecond.step()\noptimizer.step()"

        assert broken_in(source, table) == ["optimizer.step()"]

    def test_verb_that_must_be_known_does_not_count_where_it_is_possible(self) -> None:
        table = Protocol(
            of=Kind.OPTIMIZER,
            start="clear",
            moves={("clear", Backward): "full", ("full", OptimizerStep): BROKEN},
            known_only=(Backward,),
        )

        assert broken_in("model(x).mean().backward()\noptimizer.step()", table) == ["optimizer.step()"]
        assert broken_in("unknown(x).mean().backward()\noptimizer.step()", table) == []

    def test_event_is_excused_by_what_comes_of_it(self) -> None:
        table = Protocol(
            of=Kind.MODULE, start="train", moves={("train", Forward): BROKEN}, unless_leading_to=(Backward,)
        )

        assert broken_in("model(x)", table) == ["model(x)"]
        assert broken_in("loss = model(x).mean()\nloss.backward()", table) == []

    def test_scheduler_follows_the_steps_of_its_own_optimizer(self) -> None:
        table = Protocol(
            of=Kind.SCHEDULER,
            start="fresh",
            moves={("fresh", OptimizerStep): "used", ("used", SchedulerStep): BROKEN},
        )
        built = "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 30)\n"
        second = "second = torch.optim.SGD(other.parameters(), lr=0.1)\nsecond.step()\n"

        assert broken_in(f"{built}optimizer.step()\nscheduler.step()", table) == ["scheduler.step()"]
        assert broken_in(f"{built}{second}scheduler.step()", table) == []

    def test_module_follows_the_steps_that_change_its_weights(self) -> None:
        table = Protocol(
            of=Kind.MODULE,
            start="new",
            moves={("new", OptimizerStep): "trained", ("trained", EvalMode): BROKEN},
        )

        assert broken_in("optimizer.step()\nmodel.eval()", table) == ["model.eval()"]
        assert broken_in("optimizer.step()\nother.eval()", table) == []


class TestUnknown:
    def test_escaped_object_may_be_in_any_state(self) -> None:
        assert modes("import somewhere\nsomewhere.prepare(model)\nmodel(x)") == []

    def test_escaped_owner_takes_its_parts_along(self) -> None:
        source = """
            import somewhere
            class Holder:
                def __init__(self):
                    self.net = model
            somewhere.prepare(Holder())
            model(x)
        """

        assert modes(source) == []

    def test_argument_of_a_function_that_nobody_calls_may_be_in_any_state(self) -> None:
        source = """
            def f(net):
                net.zero_grad()
                net(torch.ones(1))
        """

        assert broken_in(source, CALLED_IN_EVAL_MODE, objects=IMPORTS) == []

    def test_argument_is_known_after_it_was_switched(self) -> None:
        source = """
            def f(net):
                net.train()
                net(torch.ones(1))
        """

        assert broken_in(source, CALLED_IN_EVAL_MODE, objects=IMPORTS) == ["net(torch.ones(1))"]

    def test_finding_on_a_guess_says_so(self) -> None:
        program = program_of("def f(net):\n    net.train()\n    net(torch.ones(1))", IMPORTS)

        assert [breach.guessed for breach in program.breaches(CALLED_IN_EVAL_MODE)] == [True]

    def test_one_of_several_objects_is_not_certain(self) -> None:
        assert modes("model.eval()\nother.eval()\nnet = model if input() else other\nnet.train()\nmodel(x)") == []

    def test_function_of_the_file_leaves_its_argument_in_sight(self) -> None:
        assert modes("def show(net):\n    print(net)\nshow(model)\nmodel(x)") == ["model(x)"]
