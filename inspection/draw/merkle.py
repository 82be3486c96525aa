"""Merkle trees of RFC 9162 section 2.1: heads, inclusion and consistency proofs, and their checks.

A leaf hashes as ``D(00 ‖ leaf)``, a node as ``D(01 ‖ left ‖ right)``; the left subtree holds the largest power of two
smaller than the number of leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from inspection.draw.canonical import Digest, hasher
from inspection.draw.refusal import DrawRefusal

CHUNK = 1 << 12
"""Leaves hashed at a time; a power of two, so that a full chunk is a whole subtree."""


def leaf_hash(leaf: bytes, algorithm: Digest = "sha256") -> bytes:
    """The hash of one leaf, 32 bytes."""
    return hasher(algorithm)(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes, algorithm: Digest = "sha256") -> bytes:
    """The hash of an inner node, 32 bytes."""
    return hasher(algorithm)(b"\x01" + left + right).digest()


def tree_head(leaves: Iterable[bytes], algorithm: Digest = "sha256") -> bytes:
    """The Merkle tree head over the leaves, 32 bytes, in one pass with memory for O(log n) hashes.

    1. Hash the leaves of a chunk and fold them level by level to its head.
    2. Keep a stack of heads of whole subtrees, larger ones below; two of a size become one.
    3. At the end fold the stack from the top, which is RFC 9162's uneven right edge.

    >>> tree_head([]).hex()
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    make = hasher(algorithm)
    stack: list[tuple[int, bytes]] = []
    stream = iter(leaves)
    while chunk := [make(b"\x00" + leaf).digest() for leaf in islice(stream, CHUNK)]:
        height, head = len(chunk), head_of_hashes(chunk, algorithm)
        while stack and stack[-1][0] == height:
            head = make(b"\x01" + stack.pop()[1] + head).digest()
            height *= 2
        stack.append((height, head))
    if not stack:
        return make(b"").digest()
    head = stack.pop()[1]
    while stack:
        head = make(b"\x01" + stack.pop()[1] + head).digest()
    return head


def head_of_hashes(hashes: Sequence[bytes], algorithm: Digest = "sha256") -> bytes:
    """The head over leaf hashes or heads of equal subtrees: pairs level by level, an odd last one rising unchanged."""
    make = hasher(algorithm)
    if not hashes:
        return make(b"").digest()
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        risen = [make(b"\x01" + left + right).digest() for left, right in pairs]
        hashes = [*risen, hashes[-1]] if len(hashes) % 2 else risen
    return hashes[0]


def tree_heads(leaves: Sequence[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The SHA-256 heads over the first ``size`` leaves, for each size there is, in one pass over the leaves.

    >>> tree_heads([b"a", b"b"], [2, 9])[2] == tree_head([b"a", b"b"])
    True
    """
    wanted, heads = set(sizes), dict[int, bytes]()
    stack: list[tuple[int, bytes]] = []
    for size in range(len(leaves) + 1):
        if size in wanted:
            head = stack[-1][1] if stack else head_of_hashes([])
            for _, left in reversed(stack[:-1]):
                head = node_hash(left, head)
            heads[size] = head
        if size < len(leaves):
            height, head = 1, leaf_hash(leaves[size])
            while stack and stack[-1][0] == height:
                height, head = 2 * height, node_hash(stack.pop()[1], head)
            stack.append((height, head))
    return heads


def inclusion_proof(leaves: Sequence[bytes], index: int, algorithm: Digest = "sha256") -> tuple[bytes, ...]:
    """The audit path of the leaf at ``index``, lowest sibling first (RFC 9162 2.1.3.1).

    Raises:
        IndexError: no leaf has that index.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    hashes = [leaf_hash(leaf, algorithm) for leaf in leaves]
    proof = []
    while len(hashes) > 1:
        sibling = index ^ 1
        if sibling < len(hashes):
            proof.append(hashes[sibling])
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        risen = [node_hash(left, right, algorithm) for left, right in pairs]
        hashes = risen + hashes[-1:] if len(hashes) % 2 else risen
        index //= 2
    return tuple(proof)


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """The leaf stands at ``index`` in the SHA-256 tree of ``size`` leaves with that root (RFC 9162 2.1.3.2).

    Raises:
        DrawRefusal: the proof does not lead from the leaf to the root.
    """
    if not (0 <= index < size and root_from_inclusion(leaf, index, size, proof) == root):
        raise DrawRefusal("draw.merkle.inclusion", index=index, size=size)


def root_from_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], algorithm: Digest = "sha256"
) -> bytes | None:
    """The root that an inclusion proof leads to, or None when the proof has the wrong length."""
    node, last = index, size - 1
    head = leaf_hash(leaf, algorithm)
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            head = node_hash(sibling, head, algorithm)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            head = node_hash(head, sibling, algorithm)
        node >>= 1
        last >>= 1
    return head if last == 0 else None


def consistency_proof(leaves: Sequence[bytes], old_size: int, algorithm: Digest = "sha256") -> tuple[bytes, ...]:
    """The proof that the first ``old_size`` leaves are a prefix of all leaves (RFC 9162 2.1.4.1).

    Raises:
        IndexError: ``old_size`` is not between 1 and the number of leaves.
    """
    if not 1 <= old_size <= len(leaves):
        raise IndexError(old_size)
    hashes = [leaf_hash(leaf, algorithm) for leaf in leaves]
    proof: list[bytes] = []
    is_known = True  # RFC 9162's b: the old head itself is what the witness already has
    while old_size < len(hashes):
        split = 1 << (len(hashes) - 1).bit_length() - 1
        if old_size <= split:
            proof.append(head_of_hashes(hashes[split:], algorithm))
            hashes = hashes[:split]
        else:
            proof.append(head_of_hashes(hashes[:split], algorithm))
            hashes, old_size, is_known = hashes[split:], old_size - split, False
    if not is_known:
        proof.append(head_of_hashes(hashes, algorithm))
    return tuple(reversed(proof))


def check_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """The SHA-256 tree of ``old_size`` leaves is a prefix of the tree of ``size`` leaves (RFC 9162 2.1.4.2).

    Raises:
        DrawRefusal: the proof does not join the two roots: an entry was changed or removed.
    """
    if not (1 <= old_size <= size and _is_consistent(old_size, old_root, size, root, list(proof))):
        raise DrawRefusal("draw.merkle.consistency", old_size=old_size, size=size)


def _is_consistent(old_size: int, old_root: bytes, size: int, root: bytes, proof: list[bytes]) -> bool:
    if old_size == size:
        return not proof and old_root == root
    if old_size & (old_size - 1) == 0:
        proof = [old_root, *proof]
    if not proof:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old_head = new_head = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_head = node_hash(sibling, old_head)
            new_head = node_hash(sibling, new_head)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new_head = node_hash(new_head, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and old_head == old_root and new_head == root
