"""The type that autocast computes in, as an event sees it."""

from __future__ import annotations

import pytest
from reading import events_of, verbs_of


def autocast_around(context: str) -> str | None:
    (event,) = events_of(f"with {context}:\n    model(x)\n")
    return event.autocast


class TestTypes:
    @pytest.mark.parametrize(
        ("context", "expected"),
        [
            ("torch.autocast('cuda')", "float16"),
            ("torch.autocast('cuda:0')", "float16"),
            ("torch.autocast('cpu')", "bfloat16"),
            ("torch.autocast(device_type='cuda', dtype=torch.bfloat16)", "bfloat16"),
            ("torch.autocast('cpu', torch.half)", "float16"),
            ("torch.amp.autocast('cuda')", "float16"),
            ("torch.amp.autocast('cpu')", "bfloat16"),
            ("torch.amp.autocast_mode.autocast('cuda')", "float16"),
            ("torch.cuda.amp.autocast()", "float16"),
            ("torch.cuda.amp.autocast(enabled=False)", "off"),
            ("torch.cpu.amp.autocast()", "bfloat16"),
            ("torch.autocast('cuda', dtype=somewhere)", ""),
            ("torch.autocast(somewhere)", ""),
            ("torch.no_grad()", None),
            ("somewhere()", None),
            ("torch.autocast('cuda'), torch.autocast('cuda', enabled=False)", "off"),
            ("torch.autocast('cuda'), torch.no_grad()", "float16"),
            ("torch.autocast('cuda'), somewhere()", None),
            ("torch.autocast('cuda'), (torch.autocast('cpu') if x.sum() else torch.no_grad())", None),
            ("torch.autocast('cuda'), (torch.no_grad() if x.sum() else torch.enable_grad())", "float16"),
            ("torch.autocast('cuda' if x.sum() else 'cpu')", ""),
        ],
    )
    def test_arguments_tell_the_type(self, context: str, expected: str | None) -> None:
        assert autocast_around(context) == expected


class TestLosses:
    def test_a_loss_of_float16_is_known(self) -> None:
        assert verbs_of("with torch.autocast('cuda'):\n    y = model(x)\ny.mean().backward()") == [
            "Forward",
            "HalfBackward",
        ]

    def test_one_that_may_be_float32_is_not(self) -> None:
        source = "with torch.autocast('cuda'):\n    y = model(x)\n(y + other(x)).mean().backward()"

        assert verbs_of(source) == ["Forward", "Forward", "Backward"]

    def test_what_is_computed_from_a_scaled_loss_is_scaled(self) -> None:
        assert verbs_of("(scaler.scale(x.mean()) / 4).backward()") == ["ScaledBackward"]
