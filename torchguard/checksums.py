"""The crc32 of large files, computed in pieces by several threads at once."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from torchguard.progress import Progress

_PIECE = 1 << 25  # bytes of a file that one thread reads
_CHUNK = 1 << 20  # bytes at a time
_THREADS = max(2, min(4, os.cpu_count() or 1))
_POLYNOMIAL = 0xEDB88320  # of crc32, lowest power first


@dataclass(frozen=True)
class _Piece:
    """A part of a file, whose checksum is taken by itself."""

    path: Path
    start: int
    size: int

    def crc32(self, progress: Progress | None) -> int:
        """Neither reading nor adding up holds python's lock."""
        crc32, left, chunk = 0, self.size, bytearray(_CHUNK)
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.start)
            while left > 0 and (read := file.readinto(memoryview(chunk)[: min(left, _CHUNK)])):
                crc32 = zlib.crc32(memoryview(chunk)[:read], crc32)
                left -= read
                if progress:
                    progress.add(read)
        return crc32


def crc32_of_files(sizes: Mapping[Path, int], progress: Progress | None = None) -> dict[Path, int]:
    """The checksums of files of these sizes."""
    pieces = [piece for path, size in sizes.items() for piece in _pieces(path, size)]
    with ThreadPoolExecutor(_THREADS) as threads:
        found = list(threads.map(lambda piece: piece.crc32(progress), pieces))
    return {
        path: _joined([(p, crc32) for p, crc32 in zip(pieces, found, strict=True) if p.path == path]) for path in sizes
    }


def joined_crc32(first: int, second: int, size_of_second: int) -> int:
    """The crc32 of two pieces one after the other, from their own.

    Source: Mark Adler's explanation of zlib's crc32_combine: appending n bytes multiplies by x to the 8n.
    """
    return _times(_shift_by(size_of_second), first) ^ second


def _pieces(path: Path, size: int) -> Iterator[_Piece]:
    for start in range(0, max(size, 1), _PIECE):
        yield _Piece(path, start, min(_PIECE, size - start))


def _joined(pieces: Sequence[tuple[_Piece, int]]) -> int:
    whole = 0
    for piece, crc32 in pieces:
        whole = joined_crc32(whole, crc32, piece.size)
    return whole


@lru_cache(maxsize=64)
def _shift_by(size: int) -> int:
    """x to the power of 8 x size, modulo the polynomial."""
    power, square = 1 << 31, 1 << 23  # 1, and x to the 8
    while size:
        if size & 1:
            power = _times(power, square)
        square, size = _times(square, square), size >> 1
    return power


def _times(one: int, other: int) -> int:
    """The product of two polynomials over two elements, modulo the polynomial; the highest bit stands for 1."""
    product = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return product
