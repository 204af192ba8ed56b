"""The mistakes that are planted: for each, where in a script it changes what the script does, and how it is made.

A place is taken only if the text around it shows that the mistake matters there; the conditions are in each function.
They are about the script alone and know nothing of what the linter can see.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from planting import Plant, Said, Script, name_of

_TENSOR_MOVES = ("to", "cuda", "cpu", "float", "half", "double", "long")
_MODES_MATTER = r"(?i)dropout|batch_?norm|torchvision\.models|models\.resnet|timm\.|transformers|resnet|vgg|densenet"
_IN_PLACE_TO = r"torch_geometric|torchtext|transformers|\bdgl\b"  # their batches move in place
_WITHOUT_PARAMETERS = r"Dropout|ReLU|ELU|GELU|SiLU|Tanh|Sigmoid|Softmax|Pool|Identity|Upsample|Flatten|Loss|Pad"
_STATE = r"hx?|hidden\w*|states?|memory|mems?"


@dataclass(frozen=True)
class Mistake:
    """A way to spoil a script, and the symbols of which one names it."""

    name: str
    symbols: frozenset[str]
    places: Callable[[Script], Iterator[Plant]]


MISTAKES: list[Mistake] = []


def _mistake(
    name: str, *symbols: str
) -> Callable[[Callable[[Script], Iterator[Plant]]], Callable[[Script], Iterator[Plant]]]:
    def add(places: Callable[[Script], Iterator[Plant]]) -> Callable[[Script], Iterator[Plant]]:
        MISTAKES.append(Mistake(name, frozenset(symbols), places))
        return places

    return add


# The training loop


@_mistake("zero_grad() left out", "missing-zero-grad")
def _without_zero_grad(script: Script) -> Iterator[Plant]:
    """In what repeats; nothing else in the file clears these gradients, and their optimizer steps in the file."""
    cleared = [said.receiver for said in script.says("zero_grad")]
    stepped = {said.receiver for said in script.says("step")} | {
        ast.unparse(call.args[0]) for call in _scaled_steps(script)
    }
    if script.mentions(r"\.grad = None|grad\.zero_|grad\.data\.zero_|clear_grad"):
        return
    for said in script.says("zero_grad"):
        alone = cleared.count(said.receiver) == 1 and (said.receiver in stepped or len(cleared) == 1)
        if alone and set(cleared) <= stepped | {said.receiver} and script.repeats(said.statement):
            yield script.drop(said.statement)


@_mistake("zero_grad() between backward() and step()", "zero-grad-before-step")
def _zero_grad_too_late(script: Script) -> Iterator[Plant]:
    for cleared, stepped in _in_order(script, "zero_grad", "backward", "step"):
        yield script.move(cleared.statement, before=stepped.statement)


@_mistake("clipping after step()", "clip-after-step")
def _clip_too_late(script: Script) -> Iterator[Plant]:
    """Not where a scaler steps, whose step skips and unscales."""
    for clip, stepped in _in_order(script, "clip_grad_norm_", "clip_grad_norm", "clip_grad_value_", then=("step",)):
        yield script.move(clip.statement, after=stepped.statement)


@_mistake("clipping before backward()", "clip-before-backward")
def _clip_too_early(script: Script) -> Iterator[Plant]:
    for went, clip in _in_order(script, "backward", then=("clip_grad_norm_", "clip_grad_norm", "clip_grad_value_")):
        block = script.block(clip.statement)
        between = block[block.index(went.statement) : block.index(clip.statement)]
        if not script.mentions(r"unscale_") and not any(_says(one, "zero_grad") for one in between):
            yield script.move(clip.statement, before=went.statement)


@_mistake("clipping without unscale_()", "clip-before-unscale")
def _without_unscale(script: Script) -> Iterator[Plant]:
    """A clip follows in the same block."""
    for unscale, _ in _in_order(script, "unscale_", then=("clip_grad_norm_", "clip_grad_norm", "clip_grad_value_")):
        yield script.drop(unscale.statement)


@_mistake("optimizer built in the loop", "optimizer-in-loop")
def _optimizer_in_loop(script: Script) -> Iterator[Plant]:
    """A copy at the head of a later loop of the same block that uses it; plain SGD has nothing to lose."""
    for built, loop in _built_before_a_loop(script, r"\boptim\.|\b(Adam|AdamW|SGD|RMSprop|Adagrad)\("):
        text = script.source_of(built)
        if ".parameters()" in text and not ("SGD" in text and "momentum" not in text):
            yield script.copy(built, before=loop.body[0])


@_mistake("gradient scaler built in the loop", "scaler-in-loop")
def _scaler_in_loop(script: Script) -> Iterator[Plant]:
    for built, loop in _built_before_a_loop(script, r"GradScaler\("):
        yield script.copy(built, before=loop.body[0])


@_mistake("scheduler.step() before optimizer.step()", "scheduler-before-optimizer")
def _scheduler_first(script: Script) -> Iterator[Plant]:
    """From behind what trains to the head of the loop's body; a plateau's step needs the epoch's metric."""
    for said in _scheduler_steps(script):
        block, loops = script.block(said.statement), script.loops(said.statement)
        before = block[: block.index(said.statement)]
        trains = any(_says(one, "step") for one in before)
        calls = any(isinstance(call, ast.Call) and _trains(call) for one in before for call in ast.walk(one))
        is_later = bool(loops) and loops[0].body is block and block[0] is not said.statement and (trains or calls)
        is_plain = not said.call.args and not said.call.keywords and script.stands_alone(said.statement)
        if is_later and is_plain:
            yield script.move(said.statement, before=block[0])


@_mistake("ReduceLROnPlateau.step() without a metric", "plateau-without-metric")
def _plateau_without_metric(script: Script) -> Iterator[Plant]:
    plateaus = {
        ast.unparse(target) for target, value in _assigned(script) if "ReduceLROnPlateau(" in ast.unparse(value)
    }
    others = {
        ast.unparse(target) for target, value in _assigned(script) if "ReduceLROnPlateau(" not in ast.unparse(value)
    }
    for said in script.says("step"):
        if said.receiver in plateaus - others and said.call.args:
            yield script.replace(said.call, f"{said.receiver}.step()")


# Modes


@_mistake("model.eval() left out", "missing-eval")
def _without_eval(script: Script) -> Iterator[Plant]:
    """The file's only one, of a model that is called after it in the function; it has dropout or BatchNorm."""
    found = list(script.says("eval"))
    matters = script.mentions(_MODES_MATTER) and not script.mentions(r"\.train\(False\)")
    if len(found) == 1 and matters and _is_called(script, found[0]):
        yield script.drop(found[0].statement)


@_mistake("model.train() after eval() left out", "missing-train-after-eval")
def _without_train(script: Script) -> Iterator[Plant]:
    """The file's only one, in what repeats, of a model whose eval() repeats as well; it has dropout or BatchNorm."""
    found = [said for said in script.says("train") if not said.call.args]
    evals = [said for said in script.says("eval") if script.repeats(said.statement)]
    matters = script.mentions(_MODES_MATTER) and script.mentions(r"\.backward\(")
    for said in found if matters and len(found) == 1 else ():
        if said.receiver in {other.receiver for other in evals} and script.repeats(said.statement):
            yield script.drop(said.statement)


@_mistake("no_grad() left out", "missing-no-grad")
def _without_no_grad(script: Script) -> Iterator[Plant]:
    """Around a model that is called for batch after batch, in a function that puts it in eval mode; not nested."""
    for node in script.nodes:
        match node:
            case ast.With(items=[ast.withitem(context_expr=ast.Call(func=func) as used)]) if name_of(func) == "no_grad":
                if _evaluates(script, node):
                    yield script.replace_head(node, used, "if True")
            case ast.FunctionDef(decorator_list=[ast.Call(func=func) as used]) if name_of(func) == "no_grad":
                if _evaluates(script, node.body[0]):
                    yield script.drop_decorator(used)


# Tensors


@_mistake("result of .to() dropped", "unassigned-tensor-result")
def _dropped_result(script: Script) -> Iterator[Plant]:
    """Of a name that a loop over batches gives, and that is no batch of a library that moves in place."""
    if script.mentions(_IN_PLACE_TO):
        return
    for node in script.nodes:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute(value=ast.Name(id=moved)) as func)
            ):
                is_batch = name in _loop_names(script, node) and f"**{name}" not in script.text
                if name == moved and func.attr in _TENSOR_MOVES and is_batch:
                    yield script.replace(node, script.source_of(node.value))


@_mistake(".item() left out of a sum", "loss-accumulation")
def _without_item(script: Script) -> Iterator[Plant]:
    """Of what backward() is called on in the same loop, and that is not reset in it."""
    for node in script.nodes:
        match node:
            case ast.AugAssign(target=target, op=ast.Add(), value=value):
                for number, tensor in _numbers(value):
                    if _is_backpropagated(script, node, tensor) and not _is_reset(script, node, ast.unparse(target)):
                        yield script.replace(number, script.source_of(tensor))


@_mistake(".item() left out of append()", "loss-accumulation")
def _append_without_item(script: Script) -> Iterator[Plant]:
    for said in script.says("append"):
        for number, tensor in _numbers(said.call):
            if _is_backpropagated(script, said.statement, tensor) and not _is_reset(
                script, said.statement, said.receiver
            ):
                yield script.replace(number, script.source_of(tensor))


@_mistake(".item() left out of a meter's update()", "loss-accumulation")
def _update_without_item(script: Script) -> Iterator[Plant]:
    """Of a meter that adds up: a class of that name with ``+=`` is in the file or in a file beside it."""
    for said in script.says("update"):
        for number, tensor in _numbers(said.call):
            if _is_backpropagated(script, said.statement, tensor) and script.mentions("AverageMeter"):
                yield script.replace(number, script.source_of(tensor))


@_mistake(".detach() left out of a discriminator's step", "missing-detach", "zero-grad-scope")
def _without_detach(script: Script) -> Iterator[Plant]:
    """In a file with two optimizers or more, of what is handed to a module in a function with backward()."""
    if len({said.receiver for said in script.says("zero_grad")}) < 2:
        return
    for call in script.calls("detach"):
        around = next(script.above(call), None)
        if isinstance(around, ast.Call) and call in around.args and _names_a_module(script, around.func):
            assert isinstance(call.func, ast.Attribute)
            yield script.replace(call, script.source_of(call.func.value))


@_mistake("hidden state not detached", "hidden-state-not-detached")
def _state_kept(script: Script) -> Iterator[Plant]:
    """``h = h.detach()`` in a loop with backward(), or ``return h.detach()``, of what is named like a state."""
    for call in script.calls("detach"):
        match call.func, next(script.above(call), None):
            case ast.Attribute(value=ast.Name(id=name) as value), ast.Assign(targets=[ast.Name(id=target)]):
                if name == target and re.fullmatch(_STATE, name) and _backward_near(script, call):
                    yield script.replace(call, script.source_of(value))
            case ast.Attribute(value=ast.Name(id=name) as value), ast.Return() if re.fullmatch(_STATE, name):
                yield script.replace(call, script.source_of(value))


@_mistake("loss.data[0] for loss.item()", "indexed-loss-data")
def _indexed_data(script: Script) -> Iterator[Plant]:
    for node in script.nodes:
        for number, tensor in _numbers(node) if isinstance(node, ast.AugAssign | ast.Expr | ast.Assign) else ():
            if name_of(number.func) == "item" and _is_backpropagated(script, node, tensor):
                yield script.replace(number, f"{script.source_of(tensor)}.data[0]")


# Modules and their parameters


@_mistake("super().__init__() left out", "missing-super-init")
def _without_super_init(script: Script) -> Iterator[Plant]:
    """Of a class whose only base is torch's Module, and that assigns layers."""
    for node in script.nodes:
        match node:
            case ast.ClassDef(bases=[base]) if ast.unparse(base) in ("nn.Module", "torch.nn.Module", "Module"):
                for said in script.says("__init__"):
                    init = script.function(said.statement)
                    if init in node.body and "nn." in ast.unparse(init).split(ast.unparse(said.statement), 1)[1]:
                        yield script.drop(said.statement)


@_mistake("list for ModuleList", "unregistered-submodules")
def _plain_list(script: Script) -> Iterator[Plant]:
    """Of layers with parameters, as the text of the list, or of what is appended to it, shows."""
    for call in script.calls("ModuleList"):
        around = next(script.above(call), None)
        if not isinstance(around, ast.Assign) or not ast.unparse(around.targets[0]).startswith("self."):
            continue
        if not call.args and _gets_layers(script, call, ast.unparse(around.targets[0])):
            yield script.replace(call, "[]")
        elif call.args and isinstance(call.args[0], ast.List | ast.ListComp) and _makes_layers(call.args[0]):
            yield script.replace(call, script.source_of(call.args[0]))


@_mistake("tensor for nn.Parameter", "unregistered-parameter", "unregistered-buffer")
def _plain_tensor(script: Script) -> Iterator[Plant]:
    """Of an attribute of a module, that asks for a gradient as before."""
    for node in script.nodes:
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"))],
                value=ast.Call(func=func, args=[ast.Call() as made], keywords=[]) as call,
            ) if name_of(func) == "Parameter" and ast.unparse(made).startswith("torch."):
                yield script.replace(call, _with_gradient(script, made))


@_mistake("requires_grad set on a module", "requires-grad-on-module")
def _frozen_in_vain(script: Script) -> Iterator[Plant]:
    """For a loop over its parameters, or requires_grad_()."""
    for node in script.nodes:
        match node:
            case ast.For(
                iter=ast.Call(func=ast.Attribute(value=module, attr="parameters")),
                body=[ast.Assign(targets=[ast.Attribute(attr="requires_grad")], value=ast.Constant(value=value))],
            ):
                yield script.replace(node, f"{script.source_of(module)}.requires_grad = {value}")
    for said in script.says("requires_grad_"):
        match said.call.args:
            case [ast.Constant(value=False)] if _names_a_module(script, said.call.func.value):
                yield script.replace(said.call, f"{said.receiver}.requires_grad = False")


@_mistake("require_grad for requires_grad", "misspelt-requires-grad")
def _misspelt(script: Script) -> Iterator[Plant]:
    for node in script.nodes:
        match node:
            case ast.Assign(targets=[ast.Attribute(value=owner, attr="requires_grad") as target], value=ast.Constant()):
                yield script.replace(target, f"{script.source_of(owner)}.require_grad")


@_mistake("frozen parameters in the optimizer", "frozen-params-in-optimizer")
def _frozen_too(script: Script) -> Iterator[Plant]:
    """All parameters for the filtered ones, of an optimizer that decays or averages, where the file freezes some."""
    if not script.mentions(r"requires_grad = False|requires_grad_\(False\)"):
        return
    for call in script.calls("filter"):
        is_handed_over = isinstance(next(script.above(call), None), ast.Call)
        whole = call.args[-1]
        if (
            is_handed_over
            and "requires_grad" in ast.unparse(call.args[0])
            and ast.unparse(whole).endswith("parameters()")
        ):
            yield script.replace(call, script.source_of(whole))


# Calls


@_mistake("parentheses left out", "torch-method-not-called")
def _uncalled(script: Script) -> Iterator[Plant]:
    for said in script.says("zero_grad", "eval", "train"):
        if not said.call.args and not said.call.keywords and _names_known(script, said):
            yield script.replace(said.call, script.source_of(said.call.func))


@_mistake("model.forward(x) for model(x)", "forward-called-directly")
def _forward(script: Script) -> Iterator[Plant]:
    """Of what is put in train or eval mode in the same function, so a module it is."""
    for said in script.says("train", "eval"):
        for call in script.within(script.scope(said.statement)):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == said.receiver and said.receiver != "self":
                yield script.replace(call.func, f"{said.receiver}.forward")


@_mistake("F.dropout without training=", "dropout-ignores-eval")
def _always_drops(script: Script) -> Iterator[Plant]:
    for call in script.calls("dropout"):
        if ast.unparse(call.func) in ("F.dropout", "torch.nn.functional.dropout", "nn.functional.dropout"):
            for keyword in call.keywords:
                if keyword.arg == "training":
                    yield script.replace(call, _without_keyword(script, call, keyword))


@_mistake("torch.load without map_location", "missing-map-location")
def _without_map_location(script: Script) -> Iterator[Plant]:
    for call in script.calls("load"):
        for keyword in call.keywords:
            if ast.unparse(call.func) == "torch.load" and keyword.arg == "map_location":
                yield script.replace(call, _without_keyword(script, call, keyword))


@_mistake("load_state_dict(strict=False), unread", "non-strict-load")
def _not_strict(script: Script) -> Iterator[Plant]:
    """Of what is a module: it is called, or put in a mode, in the same function."""
    for said in script.says("load_state_dict"):
        if len(said.call.args) == 1 and not said.call.keywords and _is_called(script, said):
            yield script.replace(said.call.args[0], f"{script.source_of(said.call.args[0])}, strict=False")


# What the functions above ask


def _in_order(script: Script, *methods: str, then: tuple[str, ...] = ()) -> Iterator[tuple[Said, Said]]:
    """Pairs of statements of one block that repeats: the first of ``methods`` and, later, one of ``then``."""
    middle = methods[1:-1] if not then else ()
    firsts, lasts = (methods, then) if then else (methods[:1], methods[-1:])
    for first in script.says(*firsts):
        block = script.block(first.statement)
        at = block.index(first.statement)
        for last in script.says(*lasts):
            if last.statement not in block[at + 1 :] or not script.repeats(first.statement):
                continue
            between = block[at + 1 : block.index(last.statement)]
            same = then or first.receiver == last.receiver
            alone = script.stands_alone(first.statement) and script.stands_alone(last.statement)
            is_first = not (then and any(_says(one, *lasts) for one in between)) and not _is_scheduler(script, last)
            if same and alone and is_first and all(any(_says(one, name) for one in between) for name in middle):
                yield first, last
                break


def _says(node: ast.AST, *methods: str) -> bool:
    return any(isinstance(one, ast.Call) and name_of(one.func) in methods for one in ast.walk(node))


def _scaled_steps(script: Script) -> Iterator[ast.Call]:
    return (call for call in script.calls("step", "optimizer_step") if call.args)


def _assigned(script: Script) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in script.nodes:
        if isinstance(node, ast.Assign):
            yield node.targets[0], node.value


def _is_scheduler(script: Script, said: Said) -> bool:
    made = [ast.unparse(value) for target, value in _assigned(script) if ast.unparse(target) == said.receiver]
    return "sched" in said.receiver.lower() or any("lr_scheduler" in text or "LR(" in text for text in made)


def _scheduler_steps(script: Script) -> Iterator[Said]:
    for said in script.says("step"):
        made = [ast.unparse(value) for target, value in _assigned(script) if ast.unparse(target) == said.receiver]
        if made and all(("lr_scheduler." in text or "LR(" in text) and "Plateau" not in text for text in made):
            yield said


def _trains(call: ast.Call) -> bool:
    """A function of that name that gets something; ``model.train()`` only sets a mode."""
    return "train" in name_of(call.func) and bool(call.args or call.keywords)


def _built_before_a_loop(script: Script, pattern: str) -> Iterator[tuple[ast.Assign, ast.For | ast.While]]:
    for node in script.nodes:
        if not isinstance(node, ast.Assign) or not re.search(pattern, ast.unparse(node.value)):
            continue
        if not isinstance(node.targets[0], ast.Name | ast.Attribute) or not isinstance(node.value, ast.Call):
            continue
        block, name = script.block(node), ast.unparse(node.targets[0])
        for loop in block[block.index(node) + 1 :]:
            if isinstance(loop, ast.For | ast.While) and any(
                isinstance(one, ast.Name | ast.Attribute) and ast.unparse(one) == name for one in ast.walk(loop)
            ):
                yield node, loop
                break


def _is_called(script: Script, said: Said) -> bool:
    """Whether what a method is called on is itself called later in the function."""
    for node in script.within(script.scope(said.statement)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == said.receiver and node.lineno > said.call.lineno:
            return True
    return False


def _evaluates(script: Script, node: ast.stmt) -> bool:
    scope = script.scope(node)
    modules = {said.receiver for said in script.says("eval") if script.scope(said.statement) is scope}
    if any(_says(one, "backward") for one in ast.walk(scope)) or scope is script.tree:
        return False
    for call in script.within(node if isinstance(node, ast.With) else scope):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in modules and script.loops(call):
            return True
    return False


def _loop_names(script: Script, node: ast.AST) -> set[str]:
    return {
        one.id
        for loop in script.loops(node)
        if isinstance(loop, ast.For)
        for one in ast.walk(loop.target)
        if isinstance(one, ast.Name)
    }


def _numbers(node: ast.AST) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Each ``tensor.item()``, ``tensor.detach()`` or ``float(tensor)`` within, with the tensor."""
    for call in ast.walk(node):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name() as tensor, attr="item" | "detach"), args=[]):
                yield call, tensor
            case ast.Call(func=ast.Name(id="float"), args=[ast.Name() as tensor]):
                yield call, tensor


def _is_backpropagated(script: Script, node: ast.AST, tensor: ast.expr) -> bool:
    loops = script.loops(node)
    name = ast.unparse(tensor)
    if not loops:
        return False
    called = {
        ast.unparse(one.func.value)
        for one in script.calls("backward")
        if isinstance(one.func, ast.Attribute) and one in script.within(loops[0])
    }
    return name in called


def _is_reset(script: Script, node: ast.AST, name: str) -> bool:
    """Whether the loop gives the name a new value, so that no more than one batch is kept."""
    innermost = script.loops(node)[0]
    return any(target in innermost_targets(innermost) for target in (name,))


def innermost_targets(loop: ast.AST) -> set[str]:
    return {ast.unparse(target) for one in ast.walk(loop) if isinstance(one, ast.Assign) for target in one.targets}


def _names_a_module(script: Script, node: ast.expr) -> bool:
    """Whether the file puts it in a mode, moves it, or takes its parameters."""
    text = ast.unparse(node)
    return any(
        f"{text}.{method}(" in script.text for method in ("parameters", "train", "eval", "state_dict", "zero_grad")
    )


def _names_known(script: Script, said: Said) -> bool:
    return f"{said.receiver}.parameters()" in script.text or any(
        said.receiver == ast.unparse(target) for target, _ in _assigned(script)
    )


def _backward_near(script: Script, node: ast.AST) -> bool:
    loops = script.loops(node)
    return bool(loops) and _says(loops[-1], "backward")


def _makes_layers(node: ast.expr) -> bool:
    elements = node.elts if isinstance(node, ast.List) else [node.elt] if isinstance(node, ast.ListComp) else []
    texts = [ast.unparse(one) for one in elements if isinstance(one, ast.Call)]
    return any(text.startswith(("nn.", "torch.nn.")) and not re.search(_WITHOUT_PARAMETERS, text) for text in texts)


def _with_gradient(script: Script, made: ast.Call) -> str:
    """``torch.zeros(3, requires_grad=True)``, which some functions of torch take, or ``....requires_grad_()``."""
    text = script.source_of(made)
    takes = re.match(r"torch\.(zeros|ones|rand|randn|empty|full|tensor|eye|linspace|arange)\(", text)
    return f"{text[:-1].rstrip().rstrip(',')}, requires_grad=True)" if takes else f"{text}.requires_grad_()"


def _gets_layers(script: Script, call: ast.AST, name: str) -> bool:
    function = script.function(call)
    for said in script.says("append"):
        if said.receiver == name and script.function(said.statement) is function:
            text = ast.unparse(said.call.args[0])
            if text.startswith("nn.") and not re.search(_WITHOUT_PARAMETERS, text):
                return True
    return False


def _without_keyword(script: Script, call: ast.Call, dropped: ast.keyword) -> str:
    kept = [script.source_of(one) for one in call.args]
    kept += [
        f"{one.arg}={script.source_of(one.value)}" if one.arg else f"**{script.source_of(one.value)}"
        for one in call.keywords
        if one is not dropped
    ]
    return f"{script.source_of(call.func)}({', '.join(kept)})"
