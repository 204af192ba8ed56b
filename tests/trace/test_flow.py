"""Leaving out the events that change nothing changes nothing of what the others see."""

from __future__ import annotations

import random

import pytest

from pylint_torchcheck.trace.flow import Flow

Graph = list[set[int]]


def program(seed: int) -> Graph:
    """Return a graph as the reader makes them: ways ahead, some that meet, some dead ends, and ways back."""
    chance = random.Random(seed)
    size = chance.randint(2, 30)
    followers: Graph = [set() for _ in range(size)]
    for number in range(1, size):
        for _ in range(chance.choice((0, 1, 1, 1, 2))):
            followers[chance.randrange(max(0, number - 4), number)].add(number)
        if chance.random() < 0.2:
            followers[number].add(chance.randrange(number + 1))
    return followers


def last_seen(followers: Graph, chosen: set[int]) -> dict[int, set[int]]:
    """Return, for each chosen event, which of them the program may have met last before it, step by step."""
    found: dict[int, set[int]] = {number: set() for number in chosen}
    for begin in chosen:
        passed: set[int] = set()
        waiting = [begin]
        while waiting:
            for number in followers[waiting.pop()]:
                if number in chosen:
                    found[number].add(begin)
                elif number not in passed:
                    passed.add(number)
                    waiting.append(number)
    return found


def last_seen_by_ways(followers: Graph, chosen: set[int]) -> dict[int, set[int]]:
    """Return the same by the ways that ``Flow`` gives."""
    ways = Flow(followers).ways(chosen)
    steps: Graph = [{node for _, node in ways.get(number, ())} for number in range(len(followers))]
    return last_seen(steps, chosen)


@pytest.mark.parametrize("seed", range(300))
def test_events_left_out_change_nothing(seed: int) -> None:
    followers = program(seed)
    chosen = {0, *random.Random(-seed).sample(range(len(followers)), len(followers) // 3)}

    assert last_seen_by_ways(followers, chosen) == last_seen(followers, chosen)


@pytest.mark.parametrize("seed", range(300))
def test_no_way_leaves_the_reach_of_a_loop_and_comes_back(seed: int) -> None:
    followers = program(seed)
    flow = Flow(followers)
    for number in range(len(followers)):
        first, last = flow.reach(number)

        assert first <= number <= last
        assert not any(coming < first for later in range(first, len(followers)) for coming in followers[later])
        assert not any(coming <= last for later in range(last + 1, len(followers)) for coming in followers[later])


def test_straight_line_leads_from_one_to_the_next() -> None:
    flow = Flow([{1}, {2}, {3}, {4}, set()])

    assert flow.ways({0, 2, 4}) == {0: [(1, 2)], 2: [(3, 4)]}
