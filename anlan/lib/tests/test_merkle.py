import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anlan.lib.merkle import (
    EMPTY,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# Inputs and roots published with Certificate Transparency's reference implementation.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def leaves(n: int) -> list[bytes]:
    return [leaf_hash(str(i).encode()) for i in range(n)]


@pytest.mark.parametrize(("size", "expected"), ROOTS.items())
def test_roots_agree_with_the_published_ones(size: int, expected: str) -> None:
    assert root(leaf_hash(entry) for entry in ENTRIES[:size]).hex() == expected


@given(st.integers(1, 70), st.data())
def test_inclusion_is_proved_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    log = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof, top = inclusion_proof(index, log), root(log)
    assert verify_inclusion(log[index], index, size, proof, top)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, top)
    assert not verify_inclusion(log[index], index, size, [*proof, EMPTY], top)
    assert not verify_inclusion(log[index], size, size, proof, top)
    if proof:
        assert not verify_inclusion(log[index], index, size, proof[:-1], top)
        assert not verify_inclusion(log[index], (index + 1) % size, size, proof, top)


@given(st.integers(0, 70), st.integers(0, 70))
def test_growth_is_proved_and_rewriting_is_found(old: int, more: int) -> None:
    log = leaves(old + more)
    proof, before, after = consistency_proof(old, log), root(log[:old]), root(log)
    assert verify_consistency(old, old + more, before, after, proof)
    assert not verify_consistency(old, old + more, before, after, [*proof, EMPTY])
    assume(old and more)
    rewritten = [leaf_hash(b"rewritten"), *log[1:]]
    assert not verify_consistency(old, old + more, before, root(rewritten), consistency_proof(old, rewritten))
    assert not verify_consistency(old, old + more, before, root(rewritten), proof)
    assert not verify_consistency(old + more, old, after, before, proof)


@given(st.integers(0, 300), st.integers(0, 20))
def test_a_frontier_grows_to_the_same_root_also_through_json(size: int, more: int) -> None:
    log, frontier = leaves(size + more), Frontier()
    for leaf in log[:size]:
        frontier.append(leaf)
    frontier = Frontier.from_json(json.loads(json.dumps(frontier.to_json())))
    for leaf in log[size:]:
        frontier.append(leaf)
    assert frontier.root() == root(log) and len(frontier.peaks) == (size + more).bit_count()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"size": 1, "peaks": []},
        {"size": 3, "peaks": ["00", "00"]},
        {"size": -1, "peaks": []},
        {"size": "1", "peaks": []},
    ],
)
def test_what_is_no_frontier_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Frontier.from_json(data)


def test_out_of_range() -> None:
    with pytest.raises(IndexError):
        inclusion_proof(2, leaves(2))
    with pytest.raises(IndexError):
        consistency_proof(3, leaves(2))
