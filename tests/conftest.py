"""What all tests share: without torch, only those of the linter are collected."""

import atexit
import os
import shutil
import tempfile
from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["guard", "watch"]

# Nothing that Pylint remembers on this machine plays a part.
os.environ["PYLINTHOME"] = tempfile.mkdtemp(prefix="pylint-home-")
atexit.register(shutil.rmtree, os.environ["PYLINTHOME"], ignore_errors=True)
