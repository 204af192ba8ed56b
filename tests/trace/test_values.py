"""What expressions evaluate to: kinds, identity, and where names lead."""

from __future__ import annotations

import pytest
from reading import IMPORTS, kind_of, kinds_of, values_of


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("nn.Linear(8, 8)", "MODULE"),
        ("nn.Sequential()", "MODULE"),
        ("nn.DataParallel(model)", "MODULE"),
        ("nn.parallel.DistributedDataParallel(model)", "MODULE"),
        ("torch.compile(model)", "MODULE"),
        ("model.to('cpu')", "MODULE"),
        ("model.cuda().half()", "MODULE"),
        ("nn.CrossEntropyLoss()", "LOSS_FUNCTION"),
        ("nn.CrossEntropyLoss()(model(x), x)", "TENSOR"),
        ("F.mse_loss(x, x)", "TENSOR"),
        ("torch.optim.AdamW(model.parameters())", "OPTIMIZER"),
        ("torch.optim.lr_scheduler.StepLR(optimizer, 1)", "SCHEDULER"),
        ("torch.amp.GradScaler()", "SCALER"),
        ("torch.cuda.amp.GradScaler()", "SCALER"),
        ("torch.utils.data.DataLoader([])", "LOADER"),
        ("torch.zeros(3)", "TENSOR"),
        ("torch.zeros(3) + 1", "TENSOR"),
        ("-torch.zeros(3)", "TENSOR"),
        ("x[0]", "TENSOR"),
        ("x.mean()", "TENSOR"),
        ("x.T", "TENSOR"),
        ("model(x)", "TENSOR"),
        ("x.item()", "DATA"),
        ("x.shape", "DATA"),
        ("x.tolist()", "DATA"),
        ("nn.Parameter(x)", "PARAMETER"),
        ("model.parameters()", "PARAMETERS"),
        ("list(model.parameters())", "PARAMETERS"),
        ("[p for p in model.parameters() if p.requires_grad]", "SOME_PARAMETERS"),
        ("filter(lambda p: p.requires_grad, model.parameters())", "SOME_PARAMETERS"),
        ("model.state_dict()", "STATE_DICT"),
        ("torch.load('model.pt')", "CHECKPOINT"),
        ("torch.load('model.pt')['model']", "CHECKPOINT"),
        ("torch.no_grad()", "CONTEXT"),
        ("torch.autocast('cuda')", "CONTEXT"),
        ("[model, optimizer]", "COLLECTION"),
        ("{'model': model}", "COLLECTION"),
        ("[model, optimizer][1]", "OPTIMIZER"),
        ("{'model': model}['model']", "MODULE"),
        ("(model, optimizer)[0]", "MODULE"),
        ("dict(a=model)['a']", "MODULE"),
        ("lambda: model", "FUNCTION"),
        ("(lambda: model)()", "MODULE"),
        ("torch.nn", "LIBRARY"),
        ("None", "CONSTANT"),
        ("f'{model}'", "DATA"),
        ("(y := model)", "MODULE"),
        ("copy.deepcopy(model)", "UNKNOWN"),  # nothing of this name is imported
    ],
)
def test_expression_is_of_one_kind(expression: str, kind: str) -> None:
    assert kind_of(expression) == kind


class TestNames:
    def test_branches_join(self) -> None:
        assert kinds_of("it = model if input() else optimizer") == {"MODULE", "OPTIMIZER"}

    def test_later_assignment_forgets_the_first(self) -> None:
        assert kinds_of("it = model\nit = optimizer") == {"OPTIMIZER"}

    def test_assignment_in_a_branch_may_not_happen(self) -> None:
        assert kinds_of("it = model\nif input():\n    it = optimizer") == {"MODULE", "OPTIMIZER"}

    def test_two_names_for_one_object_hold_one_value(self) -> None:
        assert len(values_of("same = model\nit = model if input() else same", "it")) == 1

    def test_two_calls_on_one_line_make_two_objects(self) -> None:
        assert len(values_of("a, b = nn.Linear(1, 1), nn.Linear(1, 1)\nit = a if input() else b", "it")) == 2

    def test_unpacking_keeps_places(self) -> None:
        assert kinds_of("a, it = model, optimizer") == {"OPTIMIZER"}

    def test_starred_target_takes_the_rest(self) -> None:
        assert kinds_of("a, *rest = model, optimizer\nit = rest") == {"COLLECTION"}

    def test_attribute_is_remembered(self) -> None:
        source = """
            class Holder: pass
            holder = Holder()
            holder.net = model
            it = holder.net
        """

        assert kinds_of(source) == {"MODULE"}

    def test_getattr_and_setattr_by_constant_name(self) -> None:
        source = """
            class Holder: pass
            holder = Holder()
            setattr(holder, "net", model)
            it = getattr(holder, "net")
        """

        assert kinds_of(source) == {"MODULE"}

    def test_global_statement_binds_the_name_of_the_module(self) -> None:
        source = """
            it = None
            def fill():
                global it
                it = model
            fill()
        """

        assert kinds_of(source) == {"MODULE"}

    def test_nonlocal_statement_binds_the_name_of_the_function_around(self) -> None:
        source = """
            def outer():
                net = optimizer
                def fill():
                    nonlocal net
                    net = model
                fill()
                return net
            it = outer()
        """

        assert kinds_of(source) == {"MODULE"}

    def test_name_of_a_comprehension_stays_in_it(self) -> None:
        assert kinds_of("it = model\nnames = [it for it in (optimizer,)]") == {"MODULE"}

    def test_walrus_in_a_comprehension_leaves_it(self) -> None:
        assert kinds_of("names = [(it := one) for one in (optimizer,)]") == {"OPTIMIZER"}

    def test_shadowed_parameter_is_not_the_global(self) -> None:
        assert kinds_of("def f(model):\n    return model\nit = f(optimizer)") == {"OPTIMIZER"}

    def test_nested_import_is_a_binding(self) -> None:
        assert kinds_of("def f():\n    import torch.optim as o\n    return o.SGD([x])\nit = f()") == {"OPTIMIZER"}


class TestReturns:
    def test_tuple_is_unpacked(self) -> None:
        assert kinds_of("def make():\n    return model, optimizer\na, it = make()") == {"OPTIMIZER"}

    def test_every_return_counts(self) -> None:
        source = """
            def make():
                if input():
                    return model
                return optimizer
            it = make()
        """

        assert kinds_of(source) == {"MODULE", "OPTIMIZER"}

    def test_call_at_two_places_makes_two_objects(self) -> None:
        source = """
            def make():
                return nn.Linear(1, 1)
            a = make()
            b = make()
            it = a if input() else b
        """

        assert len(values_of(source, "it")) == 2

    def test_generator_gives_what_it_yields(self) -> None:
        assert kinds_of("def modules():\n    yield model\nfor it in modules():\n    pass") == {"MODULE"}

    def test_default_of_a_parameter_counts(self) -> None:
        assert kinds_of("def f(net=None):\n    return net\nit = f()") <= {"CONSTANT", "DATA"}

    def test_keyword_argument_finds_its_parameter(self) -> None:
        assert kinds_of("def f(a, *, net):\n    return net\nit = f(1, net=model)") == {"MODULE"}


class TestIteration:
    def test_enumerate_counts(self) -> None:
        assert kinds_of("for i, it in enumerate([model]):\n    pass") == {"MODULE"}

    def test_zip_pairs(self) -> None:
        assert kinds_of("for a, it in zip([model], [optimizer]):\n    pass") == {"OPTIMIZER"}

    def test_items_of_a_dict(self) -> None:
        assert kinds_of("for name, it in {'a': model}.items():\n    pass") == {"MODULE"}

    def test_values_of_a_dict(self) -> None:
        assert kinds_of("for it in {'a': model}.values():\n    pass") == {"MODULE"}

    def test_list_is_filled_by_append(self) -> None:
        assert kinds_of("nets = []\nnets.append(model)\nit = nets[0]") == {"MODULE"}

    def test_comprehension_holds_its_elements(self) -> None:
        assert kinds_of("nets = [nn.Linear(1, 1) for _ in range(3)]\nit = nets[1]") == {"MODULE"}

    def test_dict_comprehension_holds_its_values(self) -> None:
        assert kinds_of("nets = {i: model for i in range(3)}\nit = nets[1]") >= {"MODULE"}


class TestClasses:
    def test_subclass_of_module_is_one(self) -> None:
        assert kinds_of("class Net(nn.Module): pass\nit = Net()") == {"MODULE"}

    def test_subclass_of_a_subclass_is_one(self) -> None:
        assert kinds_of("class A(nn.Module): pass\nclass B(A): pass\nit = B()") == {"MODULE"}

    def test_class_named_loss_is_a_loss_function(self) -> None:
        assert kinds_of("class FocalLoss(nn.Module): pass\nit = FocalLoss()") == {"LOSS_FUNCTION"}

    def test_subclass_of_optimizer_is_one(self) -> None:
        assert kinds_of("class Lion(torch.optim.Optimizer): pass\nit = Lion(model.parameters())") == {"OPTIMIZER"}

    def test_plain_class_is_an_instance(self) -> None:
        assert kinds_of("class Config: pass\nit = Config()") == {"INSTANCE"}

    def test_class_itself_is_a_class(self) -> None:
        assert kinds_of("class Config: pass\nit = Config") == {"CLASS"}

    def test_dataclass_keeps_its_fields(self) -> None:
        source = """
            from dataclasses import dataclass
            @dataclass
            class Setup:
                net: nn.Module
                optimizer: torch.optim.Optimizer
            it = Setup(model, optimizer=optimizer).optimizer
        """

        assert kinds_of(source) == {"OPTIMIZER"}

    def test_class_attribute_is_found_through_the_class(self) -> None:
        assert kinds_of("class Config:\n    net = model\nit = Config.net") == {"MODULE"}

    def test_class_that_inherits_itself_is_read(self) -> None:
        assert kinds_of("class A: pass\nclass A(A): pass\nit = A()") == {"INSTANCE"}


class TestGraph:
    @pytest.mark.parametrize(
        ("expression", "on_graph"),
        [
            ("model(x).mean()", True),
            ("model(x).mean().detach()", False),
            ("model(x).mean().item()", False),
            ("model(x).argmax()", False),
            ("x.mean()", False),
            ("torch.zeros(1)", False),
            ("(model(x) - x).abs().sum() / 3", True),
            ("model(x).data", False),
        ],
    )
    def test_tensor_is_on_the_graph_or_not(self, expression: str, on_graph: bool) -> None:
        (value,) = values_of(f"it = {expression}", "it")

        assert value.on_graph is on_graph

    @pytest.mark.parametrize(
        "context",
        ["torch.no_grad()", "torch.inference_mode()", "torch.set_grad_enabled(False)", "torch.autograd.no_grad()"],
    )
    def test_nothing_is_recorded_inside(self, context: str) -> None:
        (value,) = values_of(f"with {context}:\n    it = model(x)", "it")

        assert value.on_graph is False

    def test_enable_grad_records_again(self) -> None:
        (value,) = values_of("with torch.no_grad():\n    with torch.enable_grad():\n        it = model(x)", "it")

        assert value.on_graph is True

    def test_statement_switches_recording_off_for_what_follows(self) -> None:
        (value,) = values_of("torch.set_grad_enabled(False)\nit = model(x)", "it")

        assert value.on_graph is False

    def test_decorator_switches_recording_off(self) -> None:
        (value,) = values_of("@torch.no_grad()\ndef f():\n    return model(x)\nit = f()", "it")

        assert value.on_graph is False

    def test_condition_that_is_not_known_may_record(self) -> None:
        (value,) = values_of("with torch.set_grad_enabled(bool(input())):\n    it = model(x)", "it")

        assert value.on_graph is None


class TestRoles:
    """What an object from elsewhere seems to be, by what is asked of it."""

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ("it.zero_grad(); it.step()", "OPTIMIZER"),
            ("it.param_groups", "OPTIMIZER"),
            ("it.scale(1); it.step(o); it.update()", "SCALER"),
            ("it.unscale_(o)", "SCALER"),
            ("it.parameters()", "MODULE"),
            ("it(1); it.eval()", "MODULE"),
            ("it.backward()", "TENSOR"),
            ("it(1)", "UNKNOWN"),
            ("it.step()", "UNKNOWN"),
            ("it.zero_grad(); it.step(); it.parameters()", "UNKNOWN"),
        ],
    )
    def test_object_is_guessed_by_its_use(self, body: str, kind: str) -> None:
        source = f"import elsewhere\nit, o = elsewhere.make()\n{body}\n"

        (value,) = values_of(source, "it", objects=IMPORTS)

        assert (value.kind.name, value.guessed) == (kind, kind != "UNKNOWN")

    def test_name_alone_is_no_proof(self) -> None:
        assert "OPTIMIZER" not in kinds_of(
            "import elsewhere\nit = optimizer = elsewhere.make()", "optimizer", objects=IMPORTS
        )

    def test_name_with_a_use_is_a_guess(self) -> None:
        source = "import elsewhere\noptimizer = elsewhere.make()\noptimizer.step()"

        assert kinds_of(source, "optimizer", objects=IMPORTS) == {"OPTIMIZER"}
