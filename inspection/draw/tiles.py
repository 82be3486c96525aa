"""Static tiles of a log (C2SP tlog-tiles): the tree as files that never change, and proofs read from them.

A tile of level 0 holds up to 256 leaf hashes in a row; a tile of level n + 1 holds the heads of full tiles of level n.
An entry bundle holds the leaves of one tile of level 0, each after its length in two bytes. A full tile never changes;
a partial one, as its width is part of its name, neither::

    tile/0/000.p/12            hashes of leaves 0 to 11
    tile/entries/000.p/12      leaves 0 to 11 themselves
    tile/2/x001/x234/067       a full tile of level 2, the 1 234 067th
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from inspection.draw.merkle import head_of_hashes, leaf_hash, node_hash
from inspection.draw.refusal import DrawRefusal

WIDTH = 256
"""Hashes in a full tile: a subtree of height 8."""

LONGEST = 0xFFFF
"""Bytes an entry may have, as its length stands in two."""

Fetch = Callable[[str], bytes | None]
"""A path below the log's prefix → the file's bytes; None when there is no such file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """The place of one tile: its level from 0, its index in the level, and its width, 1 to 256."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """Where its hashes are.

        >>> Tile(level=2, index=1234067, width=256).path
        'tile/2/x001/x234/067'
        """
        return f"tile/{self.level}/{self._place}"

    @property
    def entries_path(self) -> str:
        """Where the leaves of a tile of level 0 are.

        >>> Tile(level=0, index=273, width=112).entries_path
        'tile/entries/273.p/112'
        """
        return f"tile/entries/{self._place}"

    @property
    def _place(self) -> str:
        digits = f"{self.index:03d}"
        digits = digits.zfill((len(digits) + 2) // 3 * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]]) + partial

    @property
    def full(self) -> Tile:
        """The full tile it becomes."""
        return Tile(level=self.level, index=self.index, width=WIDTH)


def tiles_of(size: int) -> tuple[Tile, ...]:
    """All tiles of a tree of that many leaves, level by level.

    >>> [tile.path for tile in tiles_of(257)]
    ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']
    """
    tiles, level = [], 0
    while hashes := size >> 8 * level:
        whole, rest = divmod(hashes, WIDTH)
        tiles += [Tile(level=level, index=index, width=WIDTH) for index in range(whole)]
        tiles += [Tile(level=level, index=whole, width=rest)] if rest else []
        level += 1
    return tuple(tiles)


def log_files(leaves: Sequence[bytes], sizes: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every tile and entry bundle that trees over the first ``sizes`` leaves need, each once.

    A partial tile whose full one is among them is left out: readers fall back on the full one.

    Raises:
        DrawRefusal: a leaf is longer than an entry bundle can hold.
    """
    levels = [[leaf_hash(leaf) for leaf in leaves]]
    while len(levels[-1]) >= WIDTH:
        below = levels[-1]
        levels.append([head_of_hashes(below[at : at + WIDTH]) for at in range(0, len(below) // WIDTH * WIDTH, WIDTH)])
    wanted = dict.fromkeys(tile for size in sorted(set(sizes)) for tile in tiles_of(size))
    for tile in wanted:
        if tile.width < WIDTH and tile.full in wanted:
            continue
        start = tile.index * WIDTH
        yield tile.path, b"".join(levels[tile.level][start : start + tile.width])
        if tile.level == 0:
            yield tile.entries_path, pack_entries(leaves[start : start + tile.width])


def pack_entries(leaves: Iterable[bytes]) -> bytes:
    """The entry bundle of the leaves: each after its length, big-endian in two bytes."""
    packed = bytearray()
    for leaf in leaves:
        if len(leaf) > LONGEST:
            raise DrawRefusal("draw.tiles.long", bytes=len(leaf), most=LONGEST)
        packed += len(leaf).to_bytes(2, "big") + leaf
    return bytes(packed)


def unpack_entries(data: bytes, path: str = "") -> list[bytes]:
    """The leaves of an entry bundle; ``path`` is what a refusal calls it."""
    leaves, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        leaves.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    if at != len(data):
        raise DrawRefusal("draw.tiles.cut", path=path)
    return leaves


class TileReader:
    """Reads a log of ``size`` leaves from its files. Nothing read is trusted: check each proof against a checkpoint."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self.size = size
        self._fetch = fetch
        self._tiles: dict[Tile, list[bytes]] = {}

    def root(self) -> bytes:
        """The tree head the tiles add up to; equal to the checkpoint's when they are its."""
        return self._range(0, self.size)

    def entries(self, start: int = 0) -> list[bytes]:
        """The leaves from ``start`` on."""
        leaves: list[bytes] = []
        first = start // WIDTH
        for tile in tiles_of(self.size):
            if tile.level or tile.index < first:
                continue
            data = self._read(tile.entries_path, tile.full.entries_path)
            found = unpack_entries(data, tile.entries_path)
            if len(found) < tile.width:
                raise DrawRefusal("draw.tiles.cut", path=tile.entries_path)
            leaves += found[: tile.width]
        return leaves[start - first * WIDTH :]

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """The audit path of the leaf, lowest sibling first (RFC 9162 2.1.3.1)."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        proof, start, end = list[bytes](), 0, self.size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        return tuple(reversed(proof))

    def consistency(self, old_size: int) -> tuple[bytes, ...]:
        """The proof that the first ``old_size`` leaves are a prefix of all (RFC 9162 2.1.4.1)."""
        if not 1 <= old_size <= self.size:
            raise IndexError(old_size)
        proof, start, end = list[bytes](), 0, self.size
        while old_size < end:
            middle = start + _split(end - start)
            if old_size <= middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        if start:
            proof.append(self._range(start, end))
        return tuple(reversed(proof))

    def _range(self, start: int, end: int) -> bytes:
        """The head over leaves ``start`` to ``end``, a node of the tree."""
        length = end - start
        if length & (length - 1) == 0:
            return self._whole(length.bit_length() - 1, start // length) if length else head_of_hashes([])
        middle = start + _split(length)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _whole(self, height: int, index: int) -> bytes:
        """The head of the index-th subtree of 2^height leaves, from the tile that holds it or its nodes."""
        level, above = divmod(height, 8)
        start = index << above
        tile = start // WIDTH
        hashes = self._hashes(level, tile)[start % WIDTH : start % WIDTH + (1 << above)]
        return head_of_hashes(hashes)

    def _hashes(self, level: int, index: int) -> list[bytes]:
        width = min(WIDTH, (self.size >> 8 * level) - index * WIDTH)
        tile = Tile(level=level, index=index, width=width)
        if tile not in self._tiles:
            data = self._read(tile.path, tile.full.path)
            if len(data) not in (32 * width, 32 * WIDTH):
                raise DrawRefusal("draw.tiles.cut", path=tile.path)
            self._tiles[tile] = [data[at : at + 32] for at in range(0, 32 * width, 32)]
        return self._tiles[tile]

    def _read(self, path: str, full: str) -> bytes:
        """The file, or the full one that may have taken its place."""
        data = self._fetch(path)
        if data is None and full != path:
            data = self._fetch(full)
        if data is None:
            raise DrawRefusal("draw.tiles.missing", path=path)
        return data


def _split(length: int) -> int:
    """The largest power of two smaller than the length."""
    return 1 << (length - 1).bit_length() - 1
