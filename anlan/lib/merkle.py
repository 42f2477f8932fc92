"""Append-only log hashing by RFC 6962 (Certificate Transparency), SHA-256.

`leaves` are always leaf *hashes* (`leaf_hash(entry)`), in order, so that a log keeps 32 bytes for each entry.
A proof is a list of hashes; what it proves needs nothing but the hashes named in the call.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry; the prefix keeps a leaf from passing for a node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """The right edge of a growing tree: `append` in O(log n), at most log n hashes to keep."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)  # roots of the full subtrees, largest first

    def append(self, leaf: bytes) -> None:
        self.peaks.append(leaf)
        carry = self.size
        while carry & 1:  # a full subtree of the same height stands to the left: join them
            right = self.peaks.pop()
            self.peaks[-1] = node_hash(self.peaks[-1], right)
            carry >>= 1
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY
        *rest, result = self.peaks
        for peak in reversed(rest):
            result = node_hash(peak, result)
        return result

    def to_json(self) -> dict[str, Any]:
        return {"size": self.size, "peaks": [peak.hex() for peak in self.peaks]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Frontier":
        """Raises `ValueError` when it cannot be the edge of a tree."""
        size, peaks = data.get("size"), [bytes.fromhex(peak) for peak in data.get("peaks", [])]
        if not isinstance(size, int) or size < 0 or size.bit_count() != len(peaks) or {len(p) for p in peaks} - {32}:
            raise ValueError("not a frontier")
        return cls(size, peaks)


def root(leaves: Iterable[bytes]) -> bytes:
    """The hash of the whole log."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def _split(size: int) -> int:
    """The largest power of two below `size` (> 1): how many leaves go left."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """That leaf `index` is in the log. Raises `IndexError`."""
    if not 0 <= index < len(leaves):
        raise IndexError("no such leaf")
    if len(leaves) == 1:
        return []
    left = _split(len(leaves))
    if index < left:
        return [*inclusion_proof(index, leaves[:left]), root(leaves[left:])]
    return [*inclusion_proof(index - left, leaves[left:]), root(leaves[:left])]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether `proof` shows `leaf` at `index` of a log of `size` entries with this root."""
    if not 0 <= index < size:
        return False
    result, last = leaf, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            result = node_hash(sibling, result)
            while not index & 1 and index:  # alone on the right edge: it rises without a sibling
                index, last = index >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and hmac.compare_digest(result, expected_root)


def consistency_proof(old_size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """That the log of today begins with the log of `old_size` entries. Raises `IndexError`."""
    if not 0 <= old_size <= len(leaves):
        raise IndexError("the log was never that long")
    return _subproof(old_size, leaves, True) if 0 < old_size < len(leaves) else []


def _subproof(old_size: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2; `whole`: this subtree is the old log itself, whose root the verifier has."""
    if old_size == len(leaves):
        return [] if whole else [root(leaves)]
    left = _split(len(leaves))
    if old_size <= left:
        return [*_subproof(old_size, leaves[:left], whole), root(leaves[left:])]
    return [*_subproof(old_size - left, leaves[left:], False), root(leaves[:left])]


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the log with `new_root` only added to the one with `old_root` (RFC 9162, 2.1.4.2)."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and hmac.compare_digest(old_root, new_root)
    if old_size == 0:
        return not proof and hmac.compare_digest(old_root, EMPTY)
    path = list(proof)
    if old_size & (old_size - 1) == 0:  # the old log is a full subtree: its root begins the path
        path.insert(0, old_root)
    if not path:
        return False
    index, last = old_size - 1, new_size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and hmac.compare_digest(old, old_root) and hmac.compare_digest(new, new_root)
