"""Why a file could not be read as Python, in words that say what to do."""

import io
import tokenize
from dataclasses import dataclass
from pathlib import Path
from platform import python_version


@dataclass(frozen=True)
class Complaint:
    """What to tell the user about a file that was not checked."""

    words: str
    line: int = 1
    column: int = 0  # from 0, as Pylint prints it
    symbol: str = "syntax-error"  # or "fatal", where the text never reached Python


def complaint(path: str, error: Exception | None) -> Complaint:
    """Find out what is wrong with the file.

    Args:
        path: the file.
        error: what astroid met; asked only where the bytes are sound.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as reason:
        return Complaint(
            f"the file cannot be read ({reason.strerror}); check its permissions, or where it links to", symbol="fatal"
        )
    if b"\0" in data:
        return Complaint("the file holds null bytes, so it is no UTF-8 text; save it as UTF-8", _line(data, b"\0"))
    return _of_encoding(data) or _of_syntax(error)


def _line(data: bytes, part: bytes) -> int:
    return data[: data.index(part)].count(b"\n") + 1


def _of_encoding(data: bytes) -> Complaint | None:
    encoding = "utf-8"
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        if "unknown encoding" in str(error):
            name = str(error).rpartition(":")[2].strip()
            return Complaint(f"the file declares the encoding {name}, which Python does not know; save it as UTF-8")
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        seen = f"byte 0x{data[error.start]:02x} is not {encoding.upper()}"
        words = f"{seen}, the encoding of this file; save it as UTF-8, or declare the encoding in the first line"
        return Complaint(words, data[: error.start].count(b"\n") + 1)
    return None


def _of_syntax(error: Exception | None) -> Complaint:
    if isinstance(error, SyntaxError):
        words = f"not valid in Python {python_version()}: {error.msg}; nothing in this file was checked"
        return Complaint(words, error.lineno or 1, max((error.offset or 1) - 1, 0))
    if isinstance(error, RecursionError | MemoryError):
        return Complaint("an expression is nested too deeply to be parsed; split it, or --ignore this file")
    return Complaint(f"the file cannot be parsed ({type(error).__name__}: {error}); nothing in it was checked")
