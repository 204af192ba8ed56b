"""``key[7:]``, whatever the key begins with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import UNREAD, Finding, Pitfall
from pylint_torchcheck.pitfalls.questions import Cut, Program

_PREFIXES = {7: "module.", 10: "_orig_mod."}
_STATE_DICT = re.compile(r"state|dict|ckpt|checkpoint|weight|param|pretrain|model|net\b|sd\b", re.IGNORECASE)


class SlicedKeyPrefix(Pitfall):
    """``key[7:]`` takes seven characters off a key, whether they are ``module.`` or not.

    Of weights that were saved without the wrapper, ``encoder.weight`` becomes ``.weight``; to ask whether ``module``
    stands in the key is no help, since it may stand anywhere.
    """

    msgid = "W7744"
    symbol = "sliced-key-prefix"
    message = (
        "%s takes the first %s characters off each key, whether they are %s or not; write %s.removeprefix(%s), or "
        "call torchguard.load_weights"
    )
    guard = "torchguard.load_weights"
    signs = UNREAD

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find slices of the keys of a state dict, as long as a wrapper's prefix, that nothing asks about."""
        for cut in program.cuts():
            prefix = _PREFIXES.get(cut.length, "")
            if prefix and cut.removed in ("", prefix) and _is_of_state_dict(cut) and not cut.asks_how_it_begins:
                yield Finding(cut, (cut.text, str(cut.length), repr(prefix), cut.name_text, repr(prefix)))


def _is_of_state_dict(cut: Cut) -> bool:
    return bool(_STATE_DICT.search(cut.mapping_text))
