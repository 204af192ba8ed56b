"""What happens in a program, and in which order it is read."""

from __future__ import annotations

import astroid
import pytest
from reading import events_of, verbs_of

from pylint_torchcheck.trace.reader import Reader
from pylint_torchcheck.trace.state import State
from pylint_torchcheck.trace.values import NOTHING, Store

STEP = ["ZeroGrad", "Forward", "Backward", "OptimizerStep"]


class TestStatements:
    def test_step_is_four_verbs(self) -> None:
        source = """
            optimizer.zero_grad()
            loss = model(x).mean()
            loss.backward()
            optimizer.step()
        """

        assert verbs_of(source) == STEP

    @pytest.mark.parametrize(
        ("call", "verbs"),
        [
            ("model.train()", "TrainMode"),
            ("model.train(True)", "TrainMode"),
            ("model.train(mode=False)", "EvalMode"),
            ("model.train(False)", "EvalMode"),
            ("model.eval()", "EvalMode"),
            ("model.requires_grad_(False)", "Freeze"),
            ("model.requires_grad_()", "Thaw"),
            ("model.zero_grad()", "ZeroGrad"),
            ("model(x)", "Forward"),
            ("model.forward(x)", "Forward"),
            ("x.mean().backward()", "Backward"),
            ("torch.autograd.backward(x.mean())", "Backward"),
            ("scaler.scale(x.mean()).backward()", "ScaledBackward"),
            ("scaler.step(optimizer)", "ScaledStep"),
            ("scaler.unscale_(optimizer)", "ScalerUnscale"),
            ("scaler.update()", "ScalerUpdate"),
            ("nn.utils.clip_grad_norm_(model.parameters(), 1.0)", "ClipGradients"),
            ("nn.utils.clip_grad_value_(model.parameters(), 1.0)", "ClipGradients"),
            ("model.load_state_dict({})", "LoadWeights"),
            ("model.load_state_dict(model.state_dict())", "StateTaken LoadWeights"),
            ("model.load_state_dict(other.state_dict())", "StateTaken WeightsCopied"),
            ("torch.load('model.pt')", "FileRead"),
            ("torch.save(x, 'model.pt')", "FileWritten"),
            ("model.state_dict()", "StateTaken"),
            ("model.half()", "Halved"),
            ("model.cuda()", "Moved"),
            ("nn.DataParallel(model)", "Wrapped"),
            ("torch.manual_seed(0)", "Seeded"),
            ("torch.set_rng_state(x)", "RandomStateSet"),
            ("nn.utils.clip_grad_norm_(model.parameters(), scaler.get_scale())", "ClipScaledGradients"),
            ("torch.autograd.grad(x.mean(), x)", "GradientsTaken"),
            ("torch.optim.lr_scheduler.StepLR(optimizer, 30).step()", "SchedulerStep"),
            ("torch.optim.lr_scheduler.StepLR(optimizer, 30).step(3)", "SchedulerSet"),
        ],
    )
    def test_call_is_its_verbs(self, call: str, verbs: str) -> None:
        assert verbs_of(call) == verbs.split()

    def test_scheduler_steps(self) -> None:
        assert verbs_of("torch.optim.lr_scheduler.StepLR(optimizer, 3).step()") == ["SchedulerStep"]

    def test_arguments_come_before_the_call(self) -> None:
        assert verbs_of("model(other(x)).mean().backward()") == ["Forward", "Forward", "Backward"]

    def test_inner_module_is_called_first(self) -> None:
        inner, outer = events_of("model(other(x))")

        assert [value.path for value in (*inner.subjects, *outer.subjects)] == [
            "torch.nn.Linear",
            "torch.nn.Sequential",
        ]

    def test_aliased_import_is_torch(self) -> None:
        source = """
            import torch.optim as o
            from torch.nn.utils import clip_grad_norm_ as clip
            clip(model.parameters(), 1.0)
            o.SGD(model.parameters(), 0.1).step()
        """

        assert verbs_of(source) == ["ClipGradients", "OptimizerStep"]

    def test_shadowed_import_is_not_torch(self) -> None:
        source = """
            def clip_grad_norm_(parameters, limit): return None
            clip_grad_norm_(model.parameters(), 1.0)
        """

        assert verbs_of(source) == []

    def test_disabled_scaler_scales_nothing(self) -> None:
        source = """
            plain = torch.amp.GradScaler(enabled=False)
            plain.scale(x.mean()).backward()
        """

        assert verbs_of(source) == ["Backward"]

    def test_delayed_annotations_are_no_values(self) -> None:
        assert verbs_of("y: model(x) = optimizer.step()") == ["OptimizerStep"]

    def test_unknown_code_gets_hold_of_its_arguments(self) -> None:
        assert verbs_of("import somewhere\nsomewhere.prepare(model)") == ["Escaped"]

    def test_harmless_library_gets_hold_of_nothing(self) -> None:
        assert verbs_of("print(model)\nlen(list(model.parameters()))") == []


class TestBranches:
    def test_both_branches_are_read(self) -> None:
        source = """
            if input():
                model.train()
            else:
                model.eval()
        """

        assert verbs_of(source) == ["TrainMode", "EvalMode"]

    def test_known_condition_leaves_one_branch(self) -> None:
        source = """
            def f(flag):
                if flag:
                    model.train()
                else:
                    model.eval()
            f(False)
        """

        assert verbs_of(source) == ["EvalMode"]

    def test_constant_of_the_module_is_a_setting_that_decides_nothing(self) -> None:
        source = """
            DEBUG = False
            if DEBUG:
                model.train()
            else:
                model.eval()
        """

        assert verbs_of(source) == ["TrainMode", "EvalMode"]

    def test_setting_that_one_branch_puts_into_an_unknown_object_decides_nothing(self) -> None:
        source = """
            import elsewhere

            def main(settings):
                if input():
                    settings.only_evaluates = True
                if settings.only_evaluates:
                    raise SystemExit
                optimizer.step()

            main(elsewhere.read())
        """

        assert verbs_of(source) == ["OptimizerStep"]

    def test_setting_that_both_branches_put_into_it_decides(self) -> None:
        source = """
            import elsewhere

            def main(settings):
                if input():
                    settings.only_evaluates = True
                else:
                    settings.only_evaluates = True
                if settings.only_evaluates:
                    raise SystemExit
                optimizer.step()

            main(elsewhere.read())
        """

        assert verbs_of(source) == []

    def test_main_guard_is_taken(self) -> None:
        assert verbs_of("if __name__ == '__main__':\n    model.eval()") == ["EvalMode"]

    def test_nothing_after_raise(self) -> None:
        assert verbs_of("raise ValueError(model(x))\nmodel.eval()") == ["Forward"]

    def test_conditional_expression_reads_both_sides(self) -> None:
        assert verbs_of("model.train() if input() else model.eval()") == ["TrainMode", "EvalMode"]

    def test_match_reads_every_case(self) -> None:
        source = """
            match input():
                case "train":
                    model.train()
                case "eval" | "test":
                    model.eval()
                case _:
                    model(x)
        """

        assert verbs_of(source) == ["TrainMode", "EvalMode", "Forward"]

    def test_handler_is_read_after_the_body(self) -> None:
        source = """
            try:
                model(x)
            except RuntimeError:
                optimizer.zero_grad()
            else:
                optimizer.step()
            finally:
                model.eval()
        """

        assert verbs_of(source) == ["Forward", "OptimizerStep", "ZeroGrad", "EvalMode"]

    def test_finally_runs_on_the_way_out_of_return(self) -> None:
        source = """
            def f():
                try:
                    return model(x)
                finally:
                    model.train()
            f()
            optimizer.step()
        """

        assert verbs_of(source) == ["Forward", "TrainMode", "OptimizerStep"]


class TestLoops:
    def test_first_and_later_iteration_are_read_apart(self) -> None:
        assert verbs_of("for _ in range(3):\n    model(x)\n    optimizer.step()") == ["Forward", "OptimizerStep"] * 2

    def test_deep_inside_one_reading_does_for_both(self) -> None:
        source = """
            for a in x:
                for b in x:
                    for c in x:
                        for d in x:
                            model(d)
        """

        assert verbs_of(source) == ["Forward"] * 2**3

    def test_short_literal_is_unrolled(self) -> None:
        source = """
            for phase in ["train", "val"]:
                if phase == "train":
                    model.train()
                else:
                    model.eval()
        """

        assert verbs_of(source) == ["TrainMode", "EvalMode"]

    def test_else_is_read_after_the_loop(self) -> None:
        assert verbs_of("for phase in ['a']:\n    model(x)\nelse:\n    model.eval()") == ["Forward", "EvalMode"]

    def test_nothing_after_endless_loop(self) -> None:
        assert verbs_of("while True:\n    model(x)\nmodel.eval()") == ["Forward"] * 2

    def test_endless_loop_ends_at_break(self) -> None:
        assert verbs_of("while True:\n    model(x)\n    if input():\n        break\nmodel.eval()")[-1] == "EvalMode"

    def test_condition_of_while_is_read(self) -> None:
        assert "Forward" in verbs_of("while model(x).sum() > 0:\n    optimizer.step()")

    def test_nothing_after_continue(self) -> None:
        assert "EvalMode" not in verbs_of("for _ in x:\n    model(x)\n    continue\n    model.eval()")


class TestCalls:
    def test_function_is_read_where_it_is_called(self) -> None:
        source = """
            def step(optimizer):
                optimizer.step()
            optimizer.zero_grad()
            step(optimizer)
            model.eval()
        """

        assert verbs_of(source) == ["ZeroGrad", "OptimizerStep", "EvalMode"]

    def test_function_that_nobody_calls_has_a_trace_of_its_own(self) -> None:
        assert verbs_of("def f():\n    model.eval()", trace=1) == ["EvalMode"]

    def test_function_that_is_called_has_none(self) -> None:
        with pytest.raises(IndexError):
            verbs_of("def f():\n    model.eval()\nf()", trace=1)

    def test_of_what_may_be_called_the_rest_is_left_out(self) -> None:
        assert verbs_of("it = model if input() else optimizer\nit(x)") == ["Forward"]

    @pytest.mark.parametrize(
        ("bases", "meant"), [("", {"OPTIMIZER"}), ("(elsewhere.Holder)", {"INSTANCE", "OPTIMIZER"})]
    )
    def test_object_whose_class_has_no_such_method_is_left_out(self, bases: str, meant: set[str]) -> None:
        source = f"""
            import elsewhere
            class Holder{bases}:
                def __init__(self, held):
                    self.held = held
            it = Holder(optimizer) if input() else optimizer
            it.zero_grad()
            it.state_dict()
        """

        assert {value.kind.name for value in events_of(source)[-1].subjects} == meant

    def test_recursion_ends_in_a_call_that_may_do_anything(self) -> None:
        assert verbs_of("def f():\n    model(x)\n    f()\nf()") == ["Forward", "Escaped"]

    def test_closure_sees_the_names_around_it(self) -> None:
        source = """
            def outer():
                net = nn.Linear(8, 8)
                def inner():
                    return net(x)
                return inner
            outer()()
        """

        assert verbs_of(source) == ["Forward"]

    def test_step_runs_its_closure_first(self) -> None:
        source = """
            def closure():
                optimizer.zero_grad()
                loss = model(x).mean()
                loss.backward()
                return loss
            optimizer.step(closure)
        """

        assert verbs_of(source) == STEP

    def test_lambda_is_read_where_it_is_called(self) -> None:
        assert verbs_of("f = lambda m: m.eval()\noptimizer.step()\nf(model)") == ["OptimizerStep", "EvalMode"]

    def test_method_is_read_with_its_instance(self) -> None:
        source = """
            class Trainer:
                def __init__(self, net):
                    self.net = net
                def run(self):
                    self._run()
                def _run(self):
                    self.net.eval()
            Trainer(model).run()
        """

        assert verbs_of(source) == ["EvalMode"]

    def test_property_is_read_where_it_is_asked_for(self) -> None:
        source = """
            class Holder:
                @property
                def net(self):
                    return model.eval()
            holder = Holder()
            optimizer.step()
            holder.net(x)
        """

        assert verbs_of(source) == ["OptimizerStep", "EvalMode", "Forward"]

    def test_super_finds_the_method_of_the_base(self) -> None:
        source = """
            class Base:
                def run(self):
                    model.train()
            class Child(Base):
                def run(self):
                    super().run()
                    model.eval()
            Child().run()
        """

        assert verbs_of(source) == ["TrainMode", "EvalMode"]

    def test_class_method_gets_its_class(self) -> None:
        source = """
            class Maker:
                net = model
                @classmethod
                def make(cls):
                    cls.net.eval()
            Maker.make()
        """

        assert verbs_of(source) == ["EvalMode"]

    def test_static_method_gets_no_instance(self) -> None:
        source = """
            class Maker:
                @staticmethod
                def make(net):
                    net.eval()
            Maker().make(model)
        """

        assert verbs_of(source) == ["EvalMode"]

    def test_call_method_makes_an_instance_callable(self) -> None:
        source = """
            class Runner:
                def __call__(self, net):
                    net.eval()
            Runner()(model)
        """

        assert verbs_of(source) == ["EvalMode"]

    def test_overridden_mode_method_is_followed(self) -> None:
        source = """
            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.norm = nn.BatchNorm1d(8)
                def train(self, mode=True):
                    super().train(mode)
                    self.norm.eval()
                    return self
            Net().train()
        """

        assert verbs_of(source) == ["TrainMode", "EvalMode"]

    def test_async_function_is_read_where_it_is_awaited(self) -> None:
        source = """
            async def evaluate():
                model.eval()
            async def main():
                await evaluate()
                async for batch in x:
                    model(batch)
            main()
        """

        assert verbs_of(source) == ["EvalMode", "Forward", "Forward"]

    def test_generator_is_read_where_it_is_called_and_acts_before_each_iteration(self) -> None:
        source = """
            def batches():
                model.eval()
                yield x
            for batch in batches():
                optimizer.step()
        """

        assert verbs_of(source) == ["EvalMode", "Escaped", "OptimizerStep", "Escaped", "OptimizerStep"]

    def test_generator_that_never_ends_lets_its_caller_go_on(self) -> None:
        source = """
            def cycle(items):
                while True:
                    for item in items:
                        yield item

            batches = cycle([x])
            optimizer.step()
        """

        (event,) = events_of(source)

        assert {value.path for value in event.subjects} == {"torch.optim.SGD"}

    def test_method_that_subclasses_have_to_define_may_do_anything(self) -> None:
        source = """
            class Trainer:
                def epoch(self, model):
                    raise NotImplementedError("write one")

            Trainer().epoch(model)
            optimizer.step()
        """

        assert verbs_of(source) == ["Escaped", "OptimizerStep"]

    def test_what_loads_by_its_name_is_followed_after_many_other_files(self) -> None:
        reader = Reader(astroid.parse(""), Store())
        reader.start_trace(State())
        far = astroid.parse("def build(path): ...\ndef pt_load(path): ...")
        for _ in range(500):
            reader.is_worth_reading(far["build"], NOTHING)

        answers = [reader.is_worth_reading(far[name], NOTHING) for name in ("build", "pt_load")]

        assert answers == [False, True]

    def test_context_manager_runs_around_its_block(self) -> None:
        source = """
            from contextlib import contextmanager
            @contextmanager
            def evaluating(net):
                net.eval()
                try:
                    yield net
                finally:
                    net.train()
            with evaluating(model) as net:
                net(x)
            optimizer.step()
        """

        assert verbs_of(source) == ["EvalMode", "Forward", "TrainMode", "OptimizerStep"]

    def test_context_managers_nest(self) -> None:
        source = """
            import contextlib
            @contextlib.contextmanager
            def evaluating(net):
                net.eval()
                yield
                net.train()
            with evaluating(model), evaluating(other):
                model(x)
        """

        assert verbs_of(source) == ["EvalMode", "EvalMode", "Forward", "TrainMode", "TrainMode"]

    def test_block_of_context_manager_may_return(self) -> None:
        source = """
            from contextlib import contextmanager
            @contextmanager
            def evaluating(net):
                net.eval()
                yield net
            def predict():
                with evaluating(model) as net:
                    return net(x)
            predict().mean().backward()
        """

        assert verbs_of(source) == ["EvalMode", "Forward", "Backward"]

    def test_class_as_context_manager_runs_around_its_block(self) -> None:
        source = """
            class Evaluating:
                def __init__(self, net):
                    self.net = net
                def __enter__(self):
                    self.net.eval()
                    return self.net
                def __exit__(self, *error):
                    self.net.train()
            with Evaluating(model) as net:
                net(x)
        """

        assert verbs_of(source) == ["EvalMode", "Forward", "TrainMode"]

    def test_partial_is_read_where_it_is_called(self) -> None:
        source = """
            from functools import partial
            def evaluate(net, batch):
                net.eval()
                return net(batch)
            run = partial(evaluate, model)
            optimizer.step()
            run(x)
        """

        assert verbs_of(source) == ["OptimizerStep", "EvalMode", "Forward"]

    def test_decorated_function_is_still_followed(self) -> None:
        assert verbs_of("@torch.no_grad()\ndef f():\n    model(x)\nf()") == ["Forward"]


class TestFreezing:
    def test_loop_over_parameters_freezes_the_module(self) -> None:
        assert verbs_of("for p in model.parameters():\n    p.requires_grad = False") == ["Freeze"]

    def test_method_of_a_parameter_freezes_too(self) -> None:
        assert verbs_of("for p in model.parameters():\n    p.requires_grad_(False)") == ["Freeze"]

    def test_loop_over_named_parameters_freezes_the_module(self) -> None:
        assert verbs_of("for name, p in model.named_parameters():\n    p.requires_grad = False") == ["Freeze"]

    def test_condition_freezes_a_part(self) -> None:
        source = """
            for name, p in model.named_parameters():
                if "head" not in name:
                    p.requires_grad = False
        """

        assert verbs_of(source) == ["FreezePart"]

    def test_comparison_freezes_a_part(self) -> None:
        assert verbs_of("for n, p in model.named_parameters():\n    p.requires_grad = 'a' in n") == ["FreezePart"]

    def test_true_thaws(self) -> None:
        assert verbs_of("for p in model.parameters():\n    p.requires_grad = True") == ["Thaw"]

    def test_flag_freezes_by_its_value_at_the_call(self) -> None:
        source = """
            def switch(net, flag):
                for p in net.parameters():
                    p.requires_grad = flag
            switch(model, False)
            switch(model, True)
        """

        assert verbs_of(source) == ["Freeze", "Thaw"]

    def test_reading_the_flag_freezes_nothing(self) -> None:
        assert verbs_of("n = sum(p.numel() for p in model.parameters() if p.requires_grad)") == []


class TestParts:
    def test_batch_norms_picked_by_a_loop_are_held(self) -> None:
        source = """
            for layer in model.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()
        """

        assert "NormsHeld" in verbs_of(source)

    def test_batch_norms_picked_by_apply_are_held(self) -> None:
        source = """
            def hold(layer):
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()

            model.apply(hold)
        """

        assert "NormsHeld" in verbs_of(source)

    def test_batch_norms_picked_on_a_condition_are_not_held_for_certain(self) -> None:
        source = """
            for layer in model.modules():
                if isinstance(layer, nn.BatchNorm2d) and input():
                    layer.eval()
        """

        assert "NormsHeld" not in verbs_of(source)

    def test_kept_iterator_is_drained(self) -> None:
        assert verbs_of("kept = model.parameters()\nlist(kept)") == ["Drained"]

    def test_list_is_not_drained(self) -> None:
        assert verbs_of("kept = list(model.parameters())\nlist(kept)") == []

    def test_clip_to_an_infinite_norm_measures(self) -> None:
        assert verbs_of("nn.utils.clip_grad_norm_(model.parameters(), float('inf'))") == []


class TestFrameworks:
    @pytest.mark.parametrize(
        ("call", "verbs"),
        [
            ("accelerator.backward(x.mean())", ["Backward"]),
            ("accelerator.clip_grad_norm_(model.parameters(), 1.0)", ["UnscaleGradients", "ClipGradients"]),
            ("accelerator.prepare(model).eval()", ["EvalMode"]),
            ("accelerator.prepare(x, model, optimizer)[2].step()", ["OptimizerStep"]),
            ("accelerator.unwrap_model(model).train()", ["TrainMode"]),
            ("accelerator.save_state('last')", []),
            ("accelerator.invent(model)", ["Escaped"]),
            ("fabric.setup_module(model)(x)", ["Forward"]),
            ("fabric.setup_optimizers(optimizer).zero_grad()", ["ZeroGrad"]),
            ("fabric.backward(x.mean(), model=model)", ["Backward"]),
            ("deepspeed.initialize(model=model)[0].eval()", ["EvalMode"]),
            ("amp.initialize(model, optimizer, opt_level='O1')[1].step()", ["OptimizerStep"]),
        ],
    )
    def test_frameworks_do_what_their_tables_say(self, call: str, verbs: list[str]) -> None:
        source = f"""
            import deepspeed
            from accelerate import Accelerator
            from apex import amp
            from lightning.fabric import Fabric
            accelerator, fabric = Accelerator(), Fabric()
            {call}
        """

        assert verbs_of(source) == verbs

    def test_what_comes_after_an_unpacked_list_is_unknown(self) -> None:
        source = """
            from accelerate import Accelerator
            first, second, *_ = Accelerator().prepare(model, *[optimizer], other)
            first.eval()
        """

        assert verbs_of(source) == ["EvalMode"]


class TestChangesInPlace:
    @pytest.mark.parametrize("change", ["x += 1", "x.add_(1)", "x[0] = 1", "x[0] += 1", "x.data.mul_(2)"])
    def test_are_recorded(self, change: str) -> None:
        assert verbs_of(change) == ["ChangedOnRecord"]

    def test_are_told_from_those_that_autograd_does_not_see(self) -> None:
        assert verbs_of("with torch.no_grad():\n    x.add_(1)") == ["ChangedInPlace"]

    @pytest.mark.parametrize("call", ["x.requires_grad_()", "x.detach_()", "x.add(1)", "y = x * 2"])
    def test_other_calls_are_none(self, call: str) -> None:
        assert not verbs_of(call)
