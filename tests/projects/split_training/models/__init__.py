"""Names are re-exported, as packages do."""

from .net import Net, build_model

__all__ = ["Net", "build_model"]
