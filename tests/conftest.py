"""What all tests share: without torch, only those of the linter are collected."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["guard", "watch"]
