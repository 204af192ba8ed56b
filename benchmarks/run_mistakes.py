"""The mistakes that are planted in how a run is saved and resumed, in half precision, and on several GPUs.

As in ``mistakes.py``, the text around a place has to show that the mistake matters there, and nothing is known of what
the linter can see. What is left out of a checkpoint is left out of the resume as well, so that the script still runs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from mistakes import Mistake
from planting import Edit, Plant, Said, Script, name_of

_RANK = r"rank|is_main|main_process|is_master|is_primary|is_chief"
_GROUPED = r"init_process_group|DistributedDataParallel|init_distributed|setup_ddp"
_KEEPS_MORE = r"Adam|RMSprop|LAMB|Adagrad|Adadelta|momentum|LARS|Lion"  # than a learning rate
_BATCH = r"(?i)^(x|xs|inputs?|imgs?|images?|batch|samples?|data|tokens|ids|src)$"

RUN_MISTAKES: list[Mistake] = []


def _mistake(
    name: str, *symbols: str
) -> Callable[[Callable[[Script], Iterator[Plant]]], Callable[[Script], Iterator[Plant]]]:
    def add(places: Callable[[Script], Iterator[Plant]]) -> Callable[[Script], Iterator[Plant]]:
        RUN_MISTAKES.append(Mistake(name, frozenset(symbols), places))
        return places

    return add


# What is saved, and brought back


@_mistake("scheduler neither saved nor loaded", "incomplete-checkpoint")
def _scheduler_not_saved(script: Script) -> Iterator[Plant]:
    """Of one that counts for itself; plateaus do, too."""
    if script.mentions(r"(?i)sched\w*\.step\((?!\s*epoch)"):
        yield from _neither(script, r"(?i)sched")


@_mistake("scaler neither saved nor loaded", "incomplete-checkpoint")
def _scaler_not_saved(script: Script) -> Iterator[Plant]:
    if script.mentions(r"scaler\.step\("):
        yield from _neither(script, r"(?i)scaler")


@_mistake("average of the weights neither saved nor loaded", "incomplete-checkpoint")
def _average_not_saved(script: Script) -> Iterator[Plant]:
    """Beside an optimizer that is saved."""
    if script.mentions(r"ema\w*\.update|ema_update|update_ema"):
        yield from _neither(script, r"(?i)ema")


@_mistake("optimizer neither saved nor loaded", "incomplete-checkpoint")
def _optimizer_not_saved(script: Script) -> Iterator[Plant]:
    """Of a run that is resumed by its epoch or its iteration, and of an optimizer with a state."""
    if script.mentions(_KEEPS_MORE) and script.mentions(r"\[.(epoch|iter\w*|step|start_epoch).\]"):
        yield from _neither(script, r"(?i)opt")


@_mistake("scheduler or scaler saved, not loaded", "incomplete-resume")
def _saved_not_loaded(script: Script) -> Iterator[Plant]:
    """Of what the same file saves under that key."""
    yield from (script.drop(load) for load, _ in _loads_of_saved(script, r"(?i)sched|scaler"))


@_mistake("optimizer saved, not loaded", "incomplete-resume")
def _optimizer_not_loaded(script: Script) -> Iterator[Plant]:
    """In a file that takes up the epoch or the iteration."""
    if script.mentions(_KEEPS_MORE) and script.mentions(r"\w*(epoch|iter|step)\w* = \w+\[.(epoch|iter\w*|step)"):
        yield from (script.drop(load) for load, _ in _loads_of_saved(script, r"(?i)^(\w+\.)*opt"))


@_mistake("epoch trained again, or left out", "incomplete-resume")
def _epoch_again(script: Script) -> Iterator[Plant]:
    """By the count of one that is saved or read back, where the loop begins with it."""
    for node in script.nodes:
        match node:
            case ast.Assign(
                targets=[ast.Name() | ast.Attribute() as start],
                value=ast.BinOp(op=ast.Add(), left=read, right=ast.Constant(value=1)),
            ) if re.search(r"\[.(start_)?epoch.\]$", ast.unparse(read)) and _begins(script, ast.unparse(start)):
                yield script.replace(node.value, script.source_of(read))
    if script.mentions(r"\[.epoch.\]\s*(#|$|\n)"):  # read back under the key of the entry
        for key, value, _ in _entries(script) if script.mentions(r"range\(\w*(\.\w*)?epoch") else ():
            match value:
                case ast.BinOp(op=ast.Add(), left=counted, right=ast.Constant(value=1)) if key == "epoch":
                    yield script.replace(value, script.source_of(counted))


@_mistake("weights_only=False for True", "unsafe-load")
def _runs_code(script: Script) -> Iterator[Plant]:
    for call in script.calls("load"):
        for keyword in call.keywords if ast.unparse(call.func) == "torch.load" else ():
            if keyword.arg == "weights_only" and ast.unparse(keyword.value) == "True":
                yield script.replace(keyword.value, "False")


@_mistake("state dict of the wrapper saved", "wrapped-state-dict")
def _with_prefix(script: Script) -> Iterator[Plant]:
    """Of what the file wraps, whatever a condition says, and loads nowhere else."""
    for call in script.calls("state_dict"):
        match call.func:
            case ast.Attribute(value=ast.Attribute(value=wrapper, attr="module") as inner):
                text = ast.unparse(wrapper)
                wraps = (
                    rf"{re.escape(text)} = (torch\.)?(nn\.)?(parallel\.)?(DDP|DistributedDataParallel|DataParallel)\("
                )
                if script.mentions(wraps) and not _is_either(script, call) and f"{text}.load_state" not in script.text:
                    yield script.replace(inner, text)


@_mistake("module saved whole", "whole-module-save")
def _saved_whole(script: Script) -> Iterator[Plant]:
    for call in script.calls("save"):
        match call.args:
            case [ast.Call(func=ast.Attribute(value=module, attr="state_dict"), args=[], keywords=[]) as state, *_]:
                text = ast.unparse(module)
                if ast.unparse(call.func) == "torch.save" and f"{text}.parameters()" in script.text:
                    yield script.replace(state, script.source_of(module))


@_mistake("best weights kept by reference", "aliased-state-dict")
def _kept_by_reference(script: Script) -> Iterator[Plant]:
    """Where the copy is made in what repeats, or before."""
    for call in script.calls("deepcopy"):
        match call.args, next(script.above(call), None):
            case [ast.Call(func=ast.Attribute(attr="state_dict")) as state], ast.Assign():
                yield script.replace(call, script.source_of(state))


@_mistake("loaded from another name than saved", "checkpoint-path-mismatch")
def _other_name(script: Script) -> Iterator[Plant]:
    """Of a name that the script both writes and reads, as it is written out."""
    saved = {_text(call, 1) for call in script.calls("save") if ast.unparse(call.func) == "torch.save"}
    for call in script.calls("load"):
        name = _text(call, 0)
        if ast.unparse(call.func) == "torch.load" and name in saved and re.search(r"\.pth?$", name):
            other = name.removesuffix("h") if name.endswith(".pth") else f"{name}h"
            yield script.replace(call.args[0], repr(other))


# Half precision


@_mistake("scaler.update() left out", "missing-scaler-update")
def _without_update(script: Script) -> Iterator[Plant]:
    """The file's only one, in what repeats."""
    found = list(script.says("update"))
    ours = [said for said in found if "scaler" in said.receiver.lower() and not said.call.args]
    for said in ours if len(ours) == 1 else ():
        if script.repeats(said.statement):
            yield script.drop(said.statement)


@_mistake("optimizer.step() for scaler.step(optimizer)", "step-bypasses-scaler")
def _past_the_scaler(script: Script) -> Iterator[Plant]:
    for said in _scaler_steps(script):
        yield script.replace(said.call, f"{script.source_of(said.call.args[0])}.step()")


@_mistake("loss.backward() for scaler.scale(loss).backward()", "backward-not-scaled")
def _not_scaled(script: Script) -> Iterator[Plant]:
    """Where the scaler steps in the same function, and the loss is not scaled twice."""
    for said, loss in _scaled_backwards(script):
        if any(script.scope(step.statement) is script.scope(said.statement) for step in _scaler_steps(script)):
            assert isinstance(said.call.func, ast.Attribute)
            yield script.replace(said.call.func.value, loss)


@_mistake("no scaler under float16 autocast", "autocast-without-scaler")
def _without_scaler(script: Script) -> Iterator[Plant]:
    """Scale, step and update are taken out where they stand together in one block."""
    if script.mentions("bfloat16|bf16"):
        return
    for said, loss in _scaled_backwards(script):
        block = script.block(said.statement)
        steps = [step for step in _scaler_steps(script) if step.statement in block]
        updates = [
            one for one in script.says("update", "unscale_") if one.statement in block and "scaler" in one.receiver
        ]
        if len(steps) == 1 and updates and script.mentions(r"autocast\("):
            assert isinstance(said.call.func, ast.Attribute)
            bare = f"{script.source_of(steps[0].call.args[0])}.step()"
            edits = script.replace(said.call.func.value, loss) + script.replace(steps[0].call, bare)
            yield edits + tuple(edit for one in updates for edit in script.drop(one.statement))


@_mistake("backward() inside autocast", "backward-in-autocast")
def _backward_inside(script: Script) -> Iterator[Plant]:
    """Of the statement right behind the block."""
    for said in script.says("backward"):
        block = script.block(said.statement)
        at = block.index(said.statement)
        before = block[at - 1] if at else None
        is_autocast = isinstance(before, ast.With) and "autocast" in ast.unparse(before.items[0].context_expr)
        if isinstance(before, ast.With) and is_autocast and script.stands_alone(said.statement):
            yield script.move(said.statement, after=before.body[-1])


@_mistake("model.half() under autocast", "half-module-with-autocast")
def _half_weights(script: Script) -> Iterator[Plant]:
    """Where a module is moved that is called under autocast in the same file, and trained with a scaler."""
    called = {
        ast.unparse(call.func)
        for block in script.nodes
        if isinstance(block, ast.With) and "autocast" in ast.unparse(block.items[0].context_expr)
        for call in ast.walk(block)
        if isinstance(call, ast.Call)
    }
    for said in script.says("to", "cuda") if script.mentions(r"scaler\.scale\(|\.scale\(") else ():
        if said.receiver in called:
            yield script.replace(said.call, f"{script.source_of(said.call)}.half()")
    for node in script.nodes:
        match node:
            case ast.Assign(
                targets=[target], value=ast.Call(func=ast.Attribute(value=moved, attr="to" | "cuda")) as call
            ):
                if ast.unparse(target) in called and ast.unparse(moved) == ast.unparse(target):
                    yield script.replace(call, f"{script.source_of(call)}.half()")


@_mistake("unscale_() twice", "unscaled-twice")
def _unscaled_again(script: Script) -> Iterator[Plant]:
    for said in script.says("unscale_"):
        if script.stands_alone(said.statement):
            yield script.copy(said.statement, before=said.statement)


# Several processes


@_mistake("rank guard around torch.save left out", "every-rank-save")
def _saved_by_all(script: Script) -> Iterator[Plant]:
    """Of a condition on nothing but the rank, or of one part of a condition; the path does not speak of a rank."""
    if not script.mentions(_GROUPED):
        return
    for node in script.nodes:
        if isinstance(node, ast.If) and _saves(node):
            for part in node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]:
                is_and = not isinstance(node.test, ast.BoolOp) or isinstance(node.test.op, ast.And)
                if is_and and re.search(_RANK, ast.unparse(part)) and not node.orelse and not _is_not(part):
                    yield script.replace(part, "True")


@_mistake("torch.save for save_on_master", "every-rank-save")
def _not_on_master(script: Script) -> Iterator[Plant]:
    """Of a helper that asks for the rank, by its name."""
    for call in script.calls("save_on_master", "save_on_main", "master_save"):
        yield script.replace(call.func, "torch.save")


@_mistake("set_epoch() left out", "missing-set-epoch")
def _without_set_epoch(script: Script) -> Iterator[Plant]:
    """The file's only one, in what repeats."""
    found = list(script.says("set_epoch"))
    for said in found if len(found) == 1 else ():
        if script.repeats(said.statement):
            yield script.drop(said.statement)


@_mistake("DistributedSampler left out", "missing-distributed-sampler")
def _without_sampler(script: Script) -> Iterator[Plant]:
    """Of a loader that speaks of training, or the only one, in a file that wraps its model."""
    samplers = {
        ast.unparse(node.targets[0])
        for node in script.nodes
        if isinstance(node, ast.Assign) and "DistributedSampler(" in ast.unparse(node.value)
    }
    loaders = [call for call in script.calls("DataLoader") if any(_is_sampler(one, samplers) for one in call.keywords)]
    for call in loaders if script.mentions(r"DistributedDataParallel|DDP\(") else ():
        around = next(script.above(call), None)
        named = ast.unparse(around.targets[0]) if isinstance(around, ast.Assign) else ""
        if "train" in named or (len(loaders) == 1 and not re.search(r"(?i)val|test|eval", named)):
            yield script.replace(call, _without(script, call, lambda one: _is_sampler(one, samplers)))


@_mistake("shuffle=True beside a sampler", "sampler-with-shuffle")
def _shuffled_too(script: Script) -> Iterator[Plant]:
    """Of a sampler that is always there."""
    for call in script.calls("DataLoader"):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        name = ast.unparse(given["sampler"]) if "sampler" in given else ""
        is_sure = re.search(rf"(?m)^\s*{re.escape(name)} = .*Sampler\(", script.text) if name else None
        it = re.escape(name)
        either = rf"{it}\b.* = .*None|if {it}|{it} = .* else |{it} is None"
        if is_sure and not script.mentions(either):
            if "shuffle" in given:
                yield script.replace(given["shuffle"], "True")
            else:
                yield script.replace(given["sampler"], f"{script.source_of(given['sampler'])}, shuffle=True")


@_mistake("set_device() left out", "missing-set-device")
def _without_set_device(script: Script) -> Iterator[Plant]:
    """The file's only one, beside NCCL and a module that is moved to no GPU by number; no comment counts."""
    found = [said for said in script.says("set_device") if "cuda" in said.receiver]
    calls = [ast.unparse(call) for call in script.calls("cuda", "to")]
    moves = any(re.search(r"model\w*\.(cuda\(\)|to\('cuda'\))$", call) for call in calls)
    is_only = len(found) == 1 and not script.mentions("set_device_index")
    for said in found if moves and script.mentions("nccl") and is_only else ():
        yield script.drop(said.statement)


@_mistake("model.module(x) for model(x)", "bypassed-ddp")
def _past_ddp(script: Script) -> Iterator[Plant]:
    """Of what is wrapped by that name, called in a function with backward(), and not under no_grad()."""
    for call in script.nodes:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute) and call.args:
            name, scope = ast.unparse(call.func), script.scope(call)
            wraps = rf"\b{re.escape(name)} = [\w.]*(DDP|DistributedDataParallel)\("
            is_trained = any("backward" in ast.unparse(one) for one in ast.iter_child_nodes(scope))
            if script.mentions(wraps) and is_trained and not _is_unrecorded(script, call):
                yield script.replace(call.func, f"{name}.module")


@_mistake("moved after DDP", "wrap-before-move")
def _moved_late(script: Script) -> Iterator[Plant]:
    """Of two statements of one block, to another device than the host's."""
    for move, name in _moves(script):
        block = script.block(move)
        for later in block[block.index(move) + 1 :]:
            wraps = rf"{re.escape(name)} = [\w.]*(DDP|DistributedDataParallel)\(\s*{re.escape(name)}\b"
            if re.match(wraps, ast.unparse(later)) and script.stands_alone(move) and "cpu" not in ast.unparse(move):
                yield script.move(move, after=later)


@_mistake("collective under a rank guard", "collective-under-rank-guard")
def _one_rank_waits(script: Script) -> Iterator[Plant]:
    """Of a statement that no condition on the rank is around."""
    for said in script.says("barrier", "all_reduce", "broadcast", "all_gather"):
        library = said.receiver
        is_plain = script.stands_alone(said.statement) and "\n" not in script.source_of(said.statement)
        if library in ("dist", "torch.distributed") and is_plain and not _under_rank(script, said.statement):
            yield script.replace(said.statement, f"if {library}.get_rank() == 0: {script.source_of(said.statement)}")


@_mistake("misspelt variable of torchrun", "misspelt-rank-variable")
def _misspelt(script: Script) -> Iterator[Plant]:
    """Read of the environment; the script does not set it."""
    wrong = {"LOCAL_RANK": "LOCALRANK", "WORLD_SIZE": "WORD_SIZE"}
    for node in script.nodes:
        match node:
            case ast.Subscript(
                value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name)), ctx=ast.Load()
            ):
                known = node.slice
            case ast.Call(func=func, args=[ast.Constant(value=str(name)) as known, *_]) if re.search(
                r"environ\.get|getenv", ast.unparse(func)
            ):
                pass
            case _:
                continue
        if name in wrong and not script.mentions(rf"environ\[.{name}.\] ="):
            yield script.replace(known, repr(wrong[name]))


# What the functions above ask


def _entries(script: Script) -> Iterator[tuple[str, ast.expr, Plant]]:
    """What is put into a mapping under a key that is written out, and the edits that leave the entry away."""
    for node in script.nodes:
        match node:
            case ast.Dict(keys=keys, values=values):
                for index, (key, value) in enumerate(zip(keys, values, strict=True)):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str) and len(keys) > 1:
                        yield key.value, value, _without_entry(script, node, index)
            case ast.Call(func=ast.Name(id="dict"), keywords=keywords) if len(keywords) > 1:
                for keyword in keywords:
                    if keyword.arg:
                        gone = script.replace(node, _without(script, node, lambda one, it=keyword: one is it))
                        yield keyword.arg, keyword.value, gone
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str(name)))], value=value):
                yield name, value, script.drop(node)


def _without_entry(script: Script, mapping: ast.Dict, index: int) -> Plant:
    first = mapping.keys[index]
    assert first is not None
    start = script.replace(first, "")[0].start
    following = mapping.keys[index + 1] if index + 1 < len(mapping.keys) else None
    if following is not None:
        return (Edit(start, script.replace(following, "")[0].start, ""),)
    inside = script.replace(mapping, "")[0].end - 1  # up to the brace
    return (Edit(start, max(inside, start), ""),)


def _states(script: Script, pattern: str) -> Iterator[tuple[str, str, Plant]]:
    """Each state of an object named so that is put into a mapping, with its key and the edits that leave it away."""
    for key, value, edits in _entries(script):
        calls = [one for one in ast.walk(value) if isinstance(one, ast.Call) and name_of(one.func) == "state_dict"]
        for call in calls[:1]:
            assert isinstance(call.func, ast.Attribute)
            owner = ast.unparse(call.func.value)
            if re.search(pattern, owner.removeprefix("self.")):
                yield key, owner, edits


def _neither(script: Script, pattern: str) -> Iterator[Plant]:
    """Leave a state out of the checkpoint, wherever it is saved, and its load with it."""
    states = list(_states(script, pattern))
    if not script.mentions(r"torch\.save\(") or {key for key, _, _ in states} & _other_keys(script, pattern):
        return
    for key, owner, _ in states:
        gone = [edit for other, of, edits in states if (other, of) == (key, owner) for edit in edits]
        loads = [load for load, asked in _loads(script, owner) if asked == key or not asked]
        rest = len(re.findall(rf"\[.{re.escape(key)}.\]", script.text)) - len(loads)
        if rest <= sum(1 for one in states if one[0] == key) and len(gone) == len(set(gone)):
            yield (*gone, *(edit for load in loads for edit in script.drop(load)))


def _other_keys(script: Script, pattern: str) -> set[str]:
    return {key for key, value, _ in _entries(script) if not re.search(pattern, ast.unparse(value))}


def _loads(script: Script, owner: str) -> Iterator[tuple[ast.stmt, str]]:
    for said in script.says("load_state_dict"):
        if said.receiver == owner and said.call.args:
            asked = re.search(r"\[.(\w+).\]|\.(?:get|pop)\(.(\w+).", ast.unparse(said.call.args[0]))
            yield said.statement, (asked[1] or asked[2]) if asked else ""


def _loads_of_saved(script: Script, pattern: str) -> Iterator[tuple[ast.stmt, str]]:
    """Each statement that brings back what the same file saves under the key that it asks for, and the key."""
    for key, owner in {(key, owner) for key, owner, _ in _states(script, pattern)}:
        yield from ((load, asked) for load, asked in _loads(script, owner) if asked == key)


def _begins(script: Script, name: str) -> bool:
    return any(name == ast.unparse(call.args[0]) for call in script.calls("range") if len(call.args) > 1)


def _is_either(script: Script, node: ast.AST) -> bool:
    """Does a condition decide whether the module is wrapped?"""
    tests = [one.test for one in script.above(node) if isinstance(one, ast.If | ast.IfExp)]
    return any(re.search(r"(?i)module|parallel|distrib|gpu|ddp|world", ast.unparse(test)) for test in tests)


def _text(call: ast.Call, index: int) -> str:
    match call.args[index : index + 1]:
        case [ast.Constant(value=str(name))]:
            return name
    return ""


def _scaler_steps(script: Script) -> Iterator[Said]:
    """Each ``scaler.step(optimizer)``, in what repeats."""
    for said in script.says("step"):
        if "scaler" in said.receiver.lower() and len(said.call.args) == 1 and script.repeats(said.statement):
            yield said


def _scaled_backwards(script: Script) -> Iterator[tuple[Said, str]]:
    for said in script.says("backward"):
        match said.call.func:
            case ast.Attribute(value=ast.Call(func=ast.Attribute(attr="scale", value=scaler), args=[loss])):
                if "scaler" in ast.unparse(scaler).lower():
                    yield said, script.source_of(loss)


def _saves(block: ast.If) -> bool:
    calls = [one for one in ast.walk(block) if isinstance(one, ast.Call) and ast.unparse(one.func) == "torch.save"]
    return any(not re.search("rank", ast.unparse(one)) for one in calls)


def _is_not(test: ast.expr) -> bool:
    return isinstance(test, ast.UnaryOp) or (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotEq))


def _is_sampler(keyword: ast.keyword, samplers: set[str]) -> bool:
    return keyword.arg == "sampler" and ast.unparse(keyword.value) in samplers


def _without(script: Script, call: ast.Call, is_gone: Callable[[ast.keyword], bool]) -> str:
    kept = [script.source_of(one) for one in call.args]
    kept += [
        f"{one.arg}={script.source_of(one.value)}" if one.arg else f"**{script.source_of(one.value)}"
        for one in call.keywords
        if not is_gone(one)
    ]
    return f"{script.source_of(call.func)}({', '.join(kept)})"


def _moves(script: Script) -> Iterator[tuple[ast.stmt, str]]:
    for said in script.says("to", "cuda"):
        yield said.statement, said.receiver
    for node in script.nodes:
        match node:
            case ast.Assign(targets=[target], value=ast.Call(func=ast.Attribute(value=moved, attr="to" | "cuda"))):
                if ast.unparse(moved) == ast.unparse(target):
                    yield node, ast.unparse(target)


def _under_rank(script: Script, node: ast.AST) -> bool:
    return any(re.search(_RANK, ast.unparse(one.test)) for one in script.above(node) if isinstance(one, ast.If))


def _is_unrecorded(script: Script, node: ast.AST) -> bool:
    withs = [one for one in script.above(node) if isinstance(one, ast.With)]
    return any("no_grad" in ast.unparse(item.context_expr) for one in withs for item in one.items)
