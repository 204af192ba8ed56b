"""Loading weights into a module: everything that was asked for, or nothing and the reason."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from torchguard.comparison import Allowed, Comparison, Patterns, compare, mismatch
from torchguard.errors import MisuseError, WeightsMismatchError
from torchguard.keys import Rename
from torchguard.saved_weights import module_file
from torchguard.weight_files import read_weights
from torchguard.words import one_of, some

Source = str | os.PathLike[str] | Mapping[str, Any]
_WRAPPING_KEYS = ("state_dict", "model_state_dict", "model", "module")


@dataclass(frozen=True)
class LoadReport:
    """What `load_weights` did; prints as a short table. Keys are the module's own, unexpected ones the source's.

    Attributes:
        source: the path, or ``"a mapping"``.
        module: the module's class.
        loaded: keys whose tensors were copied into the module.
        missing: keys that the source lacks, as you allowed; the module keeps its own values.
        unexpected: keys that the module lacks, as you allowed.
        reshaped: keys whose shapes differ, as you allowed; the module keeps its own values.
        filled: BatchNorm's batch counts that an older source lacks; the module keeps its own.
        converted: keys whose dtype was converted to the module's.
        renamed: how the source's keys were renamed; ``""``: not at all.
        share: the part of the module's values that was loaded, 0 to 1.
    """

    source: str
    module: str
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    reshaped: tuple[str, ...]
    filled: tuple[str, ...]
    converted: tuple[str, ...]
    renamed: str
    share: float

    def __str__(self) -> str:
        kinds = ("loaded", "filled", "missing", "unexpected", "reshaped", "converted")
        rows = [(kind, getattr(self, kind)) for kind in kinds if getattr(self, kind)]
        lines = [f"  {kind:<10} {len(keys):>4}  {some(keys)}" for kind, keys in rows]
        if self.renamed:
            lines.insert(1, f"  {'renamed':<10}       {self.renamed}")
        return "\n".join([f"{self.source} -> {self.module}: {_percent(self.share)} of its values", *lines])


def _percent(share: float) -> str:
    """Rounded down, so that 100 % means all."""
    return "100 %" if share == 1 else f"{math.floor(share * 1000) / 10} %"


def load_weights(
    model: nn.Module,
    source: Source,
    *,
    rename: Rename | None = None,
    allow_missing: str | Patterns = (),
    allow_unexpected: str | Patterns = (),
    allow_shape: str | Patterns = (),
) -> LoadReport:
    """Copy weights into a module; raise, and change nothing, if anything but what was declared would differ.

    The wrappers' ``module.`` and ``_orig_mod.``, or a prefix that all keys share, are stripped or added if that
    makes every key fit. BatchNorm's ``num_batches_tracked`` may be absent on either side. Tied tensors need to be
    there once.

    Args:
        model: is changed in place, on the devices and with the dtypes that it has.
        source: a file of ``torch.save``, read with ``weights_only=True``; a safetensors file; the ``.index.json`` of a
            set of either, or the folder that holds one; a `Checkpointer`'s folder, whose newest checkpoint counts, or
            one checkpoint in it, which is verified; or a state dict. It may be inside ``{"state_dict": ...}`` or
            ``{"model": ...}``.
        rename: called with each key of the source, gives the module's.
        allow_missing: keys that the source may lack: a name, a module's name, or a pattern such as ``"head.*"``, or
            several of them.
        allow_unexpected: keys that the module may lack.
        allow_shape: keys whose shapes may differ; the module keeps its own values.

    Raises:
        UnreadableFileError: the file is missing, damaged, or would run code.
        WeightsMismatchError: keys or shapes differ in more than was allowed, or nothing would be loaded.
        MisuseError: the source is no state dict, or the module has no memory to load into (device "meta").

    Prevents: non-strict-load, unsafe-load, wrapped-state-dict, replaced-key-prefix, batch-count-key,
        missing-map-location.
    """
    target = model.state_dict(keep_vars=True)  # the Parameters themselves, so that tied ones can be told
    _refuse_meta(model, target)
    source = source if isinstance(source, Mapping) else module_file(Path(source))
    saved = _find_state_dict(_read(source, target))
    if rename is not None:
        saved = _renamed(saved, rename)
    allowed = Allowed(*map(_as_tuple, (allow_missing, allow_unexpected, allow_shape)))
    comparison = compare(saved, target, allowed)
    name = "a mapping" if isinstance(source, Mapping) else os.fspath(source)
    if not comparison.fits:
        raise WeightsMismatchError(mismatch(comparison, name, type(model).__name__))
    # Lenient, because what is left out was compared and is in the report.
    model.load_state_dict(comparison.loadable, strict=False)  # pylint: disable=non-strict-load
    return _report(comparison, name, type(model).__name__)


def _as_tuple(patterns: str | Patterns) -> Patterns:
    """One pattern by itself is one, and not a pattern for each of its letters, of which ``*`` would fit all."""
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)


def _report(comparison: Comparison, source: str, module: str) -> LoadReport:
    return LoadReport(
        source=source,
        module=module,
        loaded=tuple(sorted(comparison.loadable)),
        missing=tuple(sorted(comparison.missing)),
        unexpected=tuple(sorted(comparison.unexpected)),
        reshaped=tuple(sorted(comparison.shape)),
        filled=tuple(sorted(comparison.filled)),
        converted=tuple(sorted(comparison.converted)),
        renamed=comparison.keys,
        share=comparison.share,
    )


def _read(source: Source, target: Mapping[str, Any]) -> object:
    if isinstance(source, Mapping):
        return source
    devices = {value.device for value in target.values() if isinstance(value, Tensor)}
    return read_weights(Path(source), device=devices.pop() if len(devices) == 1 else "cpu")


def _find_state_dict(found: object) -> Mapping[str, Any]:
    if _is_state_dict(found):
        return found  # type: ignore[return-value]
    if isinstance(found, Mapping):
        inner = [key for key in _WRAPPING_KEYS if _is_state_dict(found.get(key))]
        if len(inner) == 1:
            return found[inner[0]]  # type: ignore[no-any-return]
        names = some(map(str, found))
        raise MisuseError(
            f"the source is a mapping with {names}, and {len(inner)} of {one_of(_WRAPPING_KEYS)} in it is a state "
            "dict, so "
            'what to load is a guess; pass the state dict itself: load_weights(model, torch.load(path)["..."])'
        )
    raise MisuseError(
        f"the source holds a {type(found).__name__} and no state dict; save one by torch.save(model.state_dict(), path)"
    )


def _is_state_dict(found: object) -> bool:
    """Strings to tensors, with perhaps a module's extra state among them."""
    if not isinstance(found, Mapping) or not any(isinstance(value, Tensor) for value in found.values()):
        return False
    return all(isinstance(value, Tensor) or str(key).endswith("_extra_state") for key, value in found.items())


def _renamed(saved: Mapping[str, Any], rename: Rename) -> Mapping[str, Any]:
    renamed: dict[str, Any] = {}
    for key, value in saved.items():
        new = rename(key)
        if new in renamed:
            raise MisuseError(f'rename makes "{new}" of two keys, one is "{key}", so one tensor would be lost')
        renamed[new] = value
    return renamed


def _refuse_meta(model: nn.Module, target: Mapping[str, Any]) -> None:
    on_meta = [key for key, value in target.items() if isinstance(value, Tensor) and value.is_meta]
    if on_meta:
        raise MisuseError(
            f'{some(on_meta)} of the {type(model).__name__} on device "meta" have no memory to load into; write '
            'model.to_empty(device="cpu") first'
        )
