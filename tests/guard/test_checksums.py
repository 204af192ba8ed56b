"""Checksums in pieces: the same number as in one go."""

import zlib

import pytest

from torchguard import checksums


@pytest.mark.parametrize("size", [0, 1, 5, 1000, 4096, 10_001])
def test_pieces_give_the_checksum_of_the_whole(tmp_path, monkeypatch, size):
    monkeypatch.setattr(checksums, "_PIECE", 1000)
    monkeypatch.setattr(checksums, "_CHUNK", 300)
    content = bytes(number * 7 % 251 for number in range(size))
    (tmp_path / "file").write_bytes(content)

    assert checksums.crc32_of_files({tmp_path / "file": size}) == {tmp_path / "file": zlib.crc32(content)}


@pytest.mark.parametrize("sizes", [(0, 0), (3, 0), (0, 3), (10, 100_000), (1, 2**20 + 1)])
def test_two_checksums_are_joined(sizes):
    one, other = (bytes(range(256)) * (size // 256 + 1) for size in sizes)
    one, other = one[: sizes[0]], other[: sizes[1]]

    assert checksums.joined_crc32(zlib.crc32(one), zlib.crc32(other), len(other)) == zlib.crc32(one + other)
