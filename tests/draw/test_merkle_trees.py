from __future__ import annotations

import hashlib
import json

import pytest
from draw_samples import shared_vector

from inspection.draw.merkle import (
    CHUNK,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    root_from_inclusion,
    tree_head,
)
from inspection.draw.refusal import DrawRefusal

LEAVES = [str(i).encode() for i in range(64)]


def slow_head(leaves, name="sha256"):
    """RFC 9162 2.1.1, word for word."""
    if not leaves:
        return hashlib.new(name, b"").digest()
    if len(leaves) == 1:
        return hashlib.new(name, b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.new(name, b"\x01" + slow_head(leaves[:k], name) + slow_head(leaves[k:], name)).digest()


def test_rfc6962_vectors_have_the_known_heads():
    vector = json.loads(shared_vector("external/rfc6962_merkle.json").read_text(encoding="utf-8"))
    leaves = [bytes.fromhex(leaf) for leaf in vector["leaf_inputs_hex"]]
    assert [tree_head(leaves[:size]).hex() for size in range(len(leaves) + 1)] == vector["roots_by_size"]


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_every_size_to_64_has_the_head_of_the_definition(algorithm):
    for size in range(65):
        assert tree_head(iter(LEAVES[:size]), algorithm) == slow_head(LEAVES[:size], algorithm)


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_leaves_over_several_chunks_have_the_head_of_the_definition(size):
    leaves = [i.to_bytes(4, "big") for i in range(size)]
    assert tree_head(iter(leaves)) == slow_head(leaves)


def test_every_inclusion_to_64_is_proven_and_no_other_leaf_is():
    for size in range(1, 65):
        root = tree_head(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(LEAVES[:size], index)
            check_inclusion(LEAVES[index], index, size, proof, root)
            assert root_from_inclusion(b"other", index, size, proof) != root
            for wrong in ((index + 1, size, proof), (index, size, (*proof, root)), (index, size, proof[:-1])):
                if size > 1:
                    with pytest.raises(DrawRefusal):
                        check_inclusion(LEAVES[index], *wrong, root)


def test_every_consistency_to_64_is_proven():
    heads = [tree_head(LEAVES[:size]) for size in range(65)]
    for size in range(1, 65):
        for old in range(1, size + 1):
            check_consistency(old, heads[old], size, heads[size], consistency_proof(LEAVES[:size], old))


def test_changed_or_removed_entry_breaks_consistency():
    for size in range(2, 33):
        for old in range(1, size):
            changed = [b"changed", *LEAVES[1:size]]
            proof = consistency_proof(changed, old)
            with pytest.raises(DrawRefusal):
                check_consistency(old, tree_head(LEAVES[:old]), size, tree_head(changed), proof)


def test_proof_of_a_missing_leaf_is_misuse():
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES, 64)
    with pytest.raises(IndexError):
        consistency_proof(LEAVES, 65)
