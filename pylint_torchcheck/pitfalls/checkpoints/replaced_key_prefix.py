"""``key.replace("module.", "")``."""

from __future__ import annotations

from collections.abc import Iterator

from pylint_torchcheck.pitfalls.pitfall import UNREAD, Finding, Pitfall
from pylint_torchcheck.pitfalls.questions import Program

_PREFIX = "module."


class ReplacedKeyPrefix(Pitfall):
    """``replace`` takes ``module.`` out of a key wherever it stands, and not only where a wrapper put it.

    ``submodule.weight`` becomes ``subweight``, and ``encoder.module.weight`` becomes ``encoder.weight``. With
    ``strict=False`` such a tensor is not loaded, and nobody is told.
    """

    msgid = "W7743"
    symbol = "replaced-key-prefix"
    message = (
        "%s takes the text out wherever it stands in the key, as in submodule.weight; write %s.removeprefix(%s), "
        "or call torch.nn.modules.utils.consume_prefix_in_state_dict_if_present(state_dict, %s), or call "
        "torchguard.load_weights"
    )
    guard = "torchguard.load_weights"
    signs = UNREAD

    @classmethod
    def check(cls, program: Program) -> Iterator[Finding]:
        """Find wrappers' prefixes that are taken out anywhere; where a part is wrapped, they do stand inside."""
        for cut in program.cuts():
            is_careful = cut.is_counted and cut.asks_how_it_begins
            if cut.removed == _PREFIX and not cut.length and not is_careful and not cut.has_wrapped_part:
                yield Finding(cut, (cut.text, cut.name_text, repr(_PREFIX), repr(_PREFIX)))
