"""What a saved mapping holds, who brings it in, what its names are cut to, and which event may follow which."""

from __future__ import annotations

import pytest
from reading import OBJECTS, program_of

from pylint_torchcheck.pitfalls.vocabulary import (
    FileWritten,
    Halved,
    LoadWeights,
    MovedToSave,
    OptimizerStep,
    StateTaken,
    Wrapped,
)
from pylint_torchcheck.trace.contents import Contents
from pylint_torchcheck.trace.program import Program

LOOP = """
best = model.state_dict()
for batch in x:
    model(batch).mean().backward()
    optimizer.step()
model.load_state_dict(best)
"""


def saved_by(source: str) -> Contents:
    """Return what the one ``torch.save`` of a source saves."""
    program = program_of(source, OBJECTS)
    (event,) = (event for trace in program.traces for event in trace.events(FileWritten))
    assert event.contents is not None
    return event.contents


class TestContents:
    def test_a_literal_mapping_has_its_keys(self) -> None:
        contents = saved_by("torch.save({'model': model.state_dict(), 'epoch': 3}, 'a.pt')")

        assert set(contents.entries) == {"model", "epoch"}

    @pytest.mark.parametrize(
        "source",
        [
            "state = {'model': 1}\nstate['epoch'] = 3\ntorch.save(state, 'a.pt')",
            "state = {'model': 1}\nstate.update(epoch=3)\ntorch.save(state, 'a.pt')",
            "state = {'model': 1}\nstate.update({'epoch': 3})\ntorch.save(state, 'a.pt')",
            "state = {'model': 1}\ntorch.save({**state, 'epoch': 3}, 'a.pt')",
            "torch.save(dict(model=1, epoch=3), 'a.pt')",
            "state = {'model': 1}\nif x:\n    state['epoch'] = 3\ntorch.save(state, 'a.pt')",
            "def keep(state):\n    torch.save(state, 'a.pt')\nkeep({'model': 1, 'epoch': 3})",
        ],
    )
    def test_keys_that_are_added_count(self, source: str) -> None:
        contents = saved_by(source)

        assert set(contents.entries) == {"model", "epoch"}
        assert contents.is_complete

    @pytest.mark.parametrize(
        "source",
        [
            "def f(more):\n    torch.save({'model': 1, **more}, 'a.pt')",
            "def f(more):\n    state = {'model': 1}\n    state.update(more)\n    torch.save(state, 'a.pt')",
            "def f(more, key):\n    state = {'model': 1}\n    state[key] = more\n    torch.save(state, 'a.pt')",
            "def f(more):\n    torch.save(more, 'a.pt')",
        ],
    )
    def test_what_cannot_be_seen_leaves_it_incomplete(self, source: str) -> None:
        assert not saved_by(source).is_complete

    def test_a_mapping_inside_is_no_entry_and_its_values_are_saved(self) -> None:
        contents = saved_by("torch.save({'all': {'model': model.state_dict()}}, 'a.pt')")

        assert set(contents.entries) == {"all"}
        assert [value.kind.name for value in contents.values] == ["STATE_DICT"]

    def test_what_stands_under_a_key_that_is_not_known_is_saved_too(self) -> None:
        source = "def f(key):\n    state = {'epoch': 1}\n    state[key] = model\n    torch.save(state, 'a.pt')"

        assert {value.kind.name for value in saved_by(source).values} == {"CONSTANT", "MODULE"}

    def test_only_the_outer_mapping_is_the_place_of_its_making(self) -> None:
        inner = "inner = {'epoch': 1}\nstate = {'model': 1, 'inner': inner}\ntorch.save(state, 'a.pt')"

        assert len(saved_by(inner).sites) == 1

    def test_a_state_dict_belongs_to_its_object(self) -> None:
        (value,) = saved_by("torch.save({'optimizer': optimizer.state_dict()}, 'a.pt')").entries["optimizer"]

        assert value.owner is not None
        assert value.owner.kind.name == "OPTIMIZER"


class TestPlaces:
    def giver(self, source: str) -> str:
        program = program_of(source, OBJECTS)
        (event,) = (event for trace in program.traces for event in trace.events(FileWritten))
        return event.giver.text

    def test_a_helper_that_hands_on_is_passed_over(self) -> None:
        source = "def keep(thing, path):\n    torch.save(thing, path)\nkeep(model, 'a.pt')"

        assert self.giver(source) == "keep(model, 'a.pt')"

    def test_a_default_that_a_helper_hands_on_has_no_giver_but_the_call(self) -> None:
        source = "def keep(path, thing=model):\n    torch.save(thing, path)\nkeep('a.pt')"

        assert self.giver(source) == "keep('a.pt')"

    def test_a_method_that_hands_on_is_passed_over(self) -> None:
        source = "class A:\n    def keep(self, thing, path):\n        torch.save(thing, path)\nA().keep(model, 'a.pt')"

        assert self.giver(source) == "A().keep(model, 'a.pt')"

    def test_a_helper_that_makes_it_is_not(self) -> None:
        source = "def keep(thing, path):\n    torch.save(thing.state_dict(), path)\nkeep(model, 'a.pt')"

        assert self.giver(source) == "torch.save(thing.state_dict(), path)"


class TestReferences:
    @pytest.mark.parametrize(
        ("source", "is_same"),
        [
            ("net = nn.DataParallel(model)\nnet.state_dict()", True),
            ("net = nn.DataParallel(model).cuda()\nnet.state_dict()", True),
            ("net = nn.DataParallel(model)\nmodel.state_dict()", False),
            ("net = nn.DataParallel(model)\nnet.module.state_dict()", False),
            ("def f(a):\n    a.state_dict()\nnet = nn.DataParallel(model)\nf(net)", True),
            ("def f(net):\n    net.state_dict()\nnet = nn.DataParallel(model)\nf(model)", False),
            ("def f(b, a=model):\n    a.state_dict()\nnet = nn.DataParallel(model)\nf(net)", False),
            ("def f(b, a=model):\n    a.state_dict()\nnet = nn.DataParallel(model)\nf(net, a=net)", True),
            ("net = other = nn.DataParallel(model)\nnet.state_dict()", False),
            ("nn.DataParallel(model).state_dict()", False),
            ("net = nn.DataParallel(model)\nunbound.train()\nunbound(x)\nunbound.state_dict()", False),
            (
                "class A:\n    def __init__(self):\n        self.net = nn.DataParallel(model)\n"
                "        self.save(1)\n    def save(self, path):\n        self.net.state_dict()\nA()",
                True,
            ),
        ],
    )
    def test_a_wrapper_is_known_by_its_name(self, source: str, is_same: bool) -> None:
        program = program_of(source, OBJECTS)
        trace = program.traces[0]
        (wrapping,), (taken,) = trace.events(Wrapped), trace.events(StateTaken)

        assert program.same_reference(taken, wrapping) is is_same


class TestFlow:
    def program(self) -> Program:
        return program_of(LOOP, OBJECTS)

    def test_a_load_may_follow_a_step_with_no_new_state_between(self) -> None:
        trace = self.program().traces[0]
        taken, load = next(trace.events(StateTaken)), next(trace.events(LoadWeights))
        steps = list(trace.events(OptimizerStep))

        assert trace.may_follow(load, after=steps, avoiding=[taken])

    def test_what_is_avoided_stands_in_the_way(self) -> None:
        trace = self.program().traces[0]
        taken, load = next(trace.events(StateTaken)), next(trace.events(LoadWeights))

        assert not trace.may_follow(load, after=[trace.recorded[0]], avoiding=[taken])

    def test_nothing_goes_around_what_always_comes_first(self) -> None:
        trace = self.program().traces[0]
        taken, load = next(trace.events(StateTaken)), next(trace.events(LoadWeights))

        assert trace.always_follows(load, after=taken)

    def test_what_is_done_now_and_then_does_not_always_come_first(self) -> None:
        trace = program_of("if len(x):\n    model.half()\nmodel.state_dict()", OBJECTS).traces[0]
        halved, taken = next(trace.events(Halved)), next(trace.events(StateTaken))

        assert not trace.always_follows(taken, after=halved)


class TestMovedToSave:
    @pytest.mark.parametrize("call", ["model.cpu().state_dict()", "torch.save(model.to('cpu'), 'a.pt')"])
    def test_a_move_for_a_save_is_known(self, call: str) -> None:
        assert list(program_of(call, OBJECTS).traces[0].events(MovedToSave))

    @pytest.mark.parametrize("call", ["model.cpu()", "model.cuda().state_dict()"])
    def test_another_move_is_none(self, call: str) -> None:
        assert not list(program_of(call, OBJECTS).traces[0].events(MovedToSave))


class TestNames:
    def test_the_mapping_is_that_of_the_loop_around(self) -> None:
        (cut,) = program_of("state = {key[7:]: value for key, value in weights.items()}").cuts()

        assert (cut.length, cut.name_text, cut.mapping_text) == (7, "key", "weights")

    def test_a_question_about_the_beginning_is_seen(self) -> None:
        (cut,) = program_of("state = {key[7:]: 1 for key in weights if key.startswith('module.')}").cuts()

        assert cut.asks_how_it_begins

    def test_the_question_may_stand_anywhere_in_the_function(self) -> None:
        source = (
            "def cut(weights):\n    if not list(weights)[0].startswith('module.'):\n        return weights\n"
            "    return {key[7:]: 1 for key in weights}"
        )
        (cut,) = program_of(source).cuts()

        assert cut.asks_how_it_begins

    def test_at_module_level_it_has_to_stand_in_the_loop(self) -> None:
        source = "print('a'.startswith('b'))\nfor key in weights:\n    state[key[7:]] = weights[key]"
        (cut,) = program_of(source).cuts()

        assert not cut.asks_how_it_begins

    @pytest.mark.parametrize(
        "source",
        [
            "for key in state:\n    if 'count' in key:\n        del state[key]",
            "state.pop('bn.count')",
            "state['bn.count'] = torch.tensor(0)",
            "import numpy\nstate['bn.count'] = numpy.array(0)",
            "import numpy as np\nstate['bn.count'] = np.array(0)",
            "model.load_state_dict({k: v for k, v in state.items() if v.ndim if 'count' not in k})",
            "model.load_state_dict({k: v for k, v in state.items() if 'count' not in k})",
        ],
    )
    def test_an_entry_that_is_dropped_or_made_up_is_an_edit(self, source: str) -> None:
        (edit,) = program_of(source).key_edits("count")

        assert edit.mapping_text == "state"

    @pytest.mark.parametrize(
        "source",
        [
            "for key in state:\n    if 'count' in key:\n        print(key)",
            "state['bn.count'] = other['bn.count']",
            "names = [key for key in state if 'count' not in key]",
            "del state['weight']",
        ],
    )
    def test_other_uses_are_none(self, source: str) -> None:
        assert not list(program_of(source).key_edits("count"))
