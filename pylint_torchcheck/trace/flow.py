"""The shape of a trace: which event each way leads through, where ways meet, and how far a loop reaches.

The state of one object changes at a few of the events only. ``Flow`` says how these follow one another with all others
left out, at a cost that grows with the few and not with the trace. The means are those by which compilers bring a
program into static single assignment form: dominators, and the frontiers of dominance.

Source: Cytron, Ferrante, Rosen, Wegman, Zadeck, "Efficiently Computing Static Single Assignment Form", 1991.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

_ROOT = -1  # leads to every event that no earlier one leads to


class Flow:
    """Found once for each trace; events go by their numbers."""

    def __init__(self, followers: Sequence[set[int]]) -> None:
        self._followers = followers
        self._before: list[list[int]] = [[] for _ in followers]
        for number, coming in enumerate(followers):
            for follower in coming:
                self._before[follower].append(number)

    def ways(self, events: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
        """Return the steps from each of the events, or from a meeting of ways, to the next of these.

        A step is a pair: the last event before the next one, which may be one that was left out, and the next one.
        """
        nodes = self._with_meetings(events)
        steps = [(last, node) for node in nodes for last in self._before[node]]
        nearest = self._nearest(nodes, {last for last, _ in steps})
        found: dict[int, list[tuple[int, int]]] = {}
        for last, node in steps:
            if last in nearest:
                found.setdefault(nearest[last], []).append((last, node))
        return found

    def reach(self, number: int) -> tuple[int, int]:
        """Return the first and the last event of the outermost loop around an event; itself, if there is none.

        No way leads from behind the last one back to it, or from it to before the first one.
        """
        return self._reaches.get(number, (number, number))

    def _with_meetings(self, events: Iterable[int]) -> set[int]:
        """Return the events and those at which ways from different ones of them meet."""
        found = set(events)
        waiting = list(found)
        while waiting:
            for meeting in self._frontiers.get(waiting.pop(), ()):
                if meeting not in found:
                    found.add(meeting)
                    waiting.append(meeting)
        return found

    def _nearest(self, nodes: set[int], asked: set[int]) -> dict[int, int]:
        """Return for each event asked for that one of ``nodes`` that every way to it leads through last."""
        found: dict[int, int] = {}
        above: list[int] = []
        for number in sorted(nodes | asked, key=self._places.__getitem__):
            while above and self._ends[above[-1]] < self._places[number]:
                above.pop()
            if number in nodes:
                above.append(number)
            if above:
                found[number] = above[-1]
        return found

    @cached_property
    def _leaders(self) -> list[int]:
        """The last event before each that every way to it leads through."""
        found: list[int] = []
        for number, before in enumerate(self._before):
            found.append(_common([last for last in before if last < number], found))
        while self._weaken(found):
            pass
        return found

    def _weaken(self, leaders: list[int]) -> bool:
        """Let the ways that loops go back by count, too; does that change anything? It does only in odd code."""
        changed = False
        for number, before in enumerate(self._before):
            if leaders[number] != _ROOT:
                common = _common([leaders[number], *before], leaders)
                changed = changed or common != leaders[number]
                leaders[number] = common
        return changed

    @cached_property
    def _frontiers(self) -> dict[int, set[int]]:
        """Where ways that lead through an event meet others."""
        found: dict[int, set[int]] = {}
        for number, before in enumerate(self._before):
            for last in before:
                while last not in (self._leaders[number], _ROOT):
                    found.setdefault(last, set()).add(number)
                    last = self._leaders[last]
        return found

    @cached_property
    def _places(self) -> list[int]:
        """The place of each event in an order in which those that it leads come right behind it."""
        led: dict[int, list[int]] = {}
        for number, leader in enumerate(self._leaders):
            led.setdefault(leader, []).append(number)
        places = [0] * len(self._before)
        waiting = led.get(_ROOT, [])[::-1]
        for place in range(len(places)):
            number = waiting.pop()
            places[number] = place
            waiting.extend(led.get(number, ()))
        return places

    @cached_property
    def _ends(self) -> list[int]:
        """The place of the last of the events that each event leads."""
        ends = list(self._places)
        for number in range(len(ends) - 1, -1, -1):
            leader = self._leaders[number]
            if leader != _ROOT:
                ends[leader] = max(ends[leader], ends[number])
        return ends

    @cached_property
    def _reaches(self) -> dict[int, tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for first, last in self._outermost_loops():
            found.update(dict.fromkeys(range(first, last + 1), (first, last)))
        return found

    def _outermost_loops(self) -> Iterator[tuple[int, int]]:
        """Return the first and the last event of each loop that is in no other."""
        backward = ((head, end) for end, heads in enumerate(self._followers) for head in heads if head <= end)
        first, last = -1, -1
        for head, end in sorted(backward):
            if head > last:
                if first >= 0:
                    yield first, last
                first = head
            last = max(last, end)
        if first >= 0:
            yield first, last


def _common(events: list[int], leaders: list[int]) -> int:
    """Return the last event that all ways to any of the events lead through, itself included."""
    common = events[0] if events else _ROOT
    for other in events[1:]:
        while common != other:
            if common > other:
                common = leaders[common]
            else:
                other = leaders[other]
    return common
