"""The append-only public log in the database: append a leaf, sign the head, prove, and check the whole."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from anlan.certificates import signing, tree
from anlan.certificates.models import Certificate, LogEntry, LogNode, LogState, TreeHead
from anlan.certificates.record import canonical, head_body, issue_body, revoke_body
from anlan.lib.errors import Text
from anlan.lib.merkle import Frontier, leaf_hash

HEAD_EVERY: Final = timedelta(seconds=3)


def iso(moment: datetime) -> str:
    """A moment as the log writes it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def lock() -> LogState:
    """Wait for the end of the log and hold it until the transaction ends. Keep that short.

    On SQLite every writing transaction is alone anyway (IMMEDIATE); elsewhere the row is locked.
    """
    if not LogState.objects.filter(pk=1).exists():
        LogState.objects.bulk_create([LogState(pk=1)], ignore_conflicts=True)
    return LogState.objects.select_for_update().get(pk=1)


def now_for(state: LogState, at: datetime | None = None) -> datetime:
    """Server time (or `at`) to the second, never before the last leaf even if the clock was set back."""
    now = (at or timezone.now()).replace(microsecond=0)
    return max(now, state.last_at) if state.last_at else now


def append(state: LogState, certificate: Certificate, kind: str, body: dict[str, Any], at: datetime) -> LogEntry:
    """Add a leaf under the lock that gave `state`, in the caller's transaction."""
    text = canonical(body)
    leaf = leaf_hash(text)
    peaks, made = tree.grown([bytes.fromhex(peak) for peak in state.peaks], state.size, leaf)
    entry = LogEntry.objects.create(
        position=state.size, kind=kind, certificate=certificate, body=text.decode(), leaf=leaf.hex(), at=at
    )
    LogNode.objects.bulk_create(LogNode(level=level, index=index, hash=node.hex()) for level, index, node in made)
    state.size, state.peaks, state.last_at = state.size + 1, [peak.hex() for peak in peaks], at
    state.save()
    return entry


def body_of_issue(certificate: Certificate) -> dict[str, Any]:
    """The leaf that this certificate must have."""
    return issue_body(
        salts=certificate.salts,
        number=certificate.number,
        holder=certificate.holder,
        holder_id_masked=certificate.holder_id_masked,
        holder_id=certificate.user.id_number,
        title=certificate.title,
        organisation=certificate.issuer,
        hours=f"{certificate.hours:.1f}",
        issued_at=iso(certificate.issued_at),
        valid_until=certificate.valid_until.isoformat(),
    )


def body_of_revocation(certificate: Certificate, at: datetime) -> dict[str, Any]:
    """The leaf that its revocation must have."""
    return revoke_body(salts=certificate.salts, number=certificate.number, at=iso(at))


def sign_head(*, every: timedelta = HEAD_EVERY) -> TreeHead | None:
    """Sign the log as it stands and return the newest head; at most one in `every`, none for an empty log."""
    state = LogState.objects.filter(pk=1).first()
    newest = TreeHead.objects.order_by("-size").first()
    if state is None or state.size == (newest.size if newest else 0):
        return newest
    now = timezone.now().replace(microsecond=0)
    if newest is not None:
        if timedelta(0) <= now - newest.at < every:
            return newest
        now = max(now, newest.at)
    root, log = Frontier(state.size, [bytes.fromhex(peak) for peak in state.peaks]).root().hex(), signing.this_log()
    message = canonical(head_body(log=log, size=state.size, root=root, at=iso(now)))
    try:
        with transaction.atomic():
            return TreeHead.objects.create(
                size=state.size, root=root, at=now, signature=signing.sign_for_log(message), log=log
            )
    except IntegrityError:  # another worker signed this size in the same moment
        return TreeHead.objects.get(size=state.size)


def head_json(head: TreeHead) -> dict[str, Any]:
    """A signed head as it is published."""
    return {
        **head_body(log=head.log, size=head.size, root=head.root, at=iso(head.at)),
        "signature": head.signature,
    }


def fetch(nodes: set[tree.Node]) -> dict[tree.Node, bytes]:
    """The hashes of leaves and full subtrees, one query for each level."""
    levels: dict[int, list[int]] = defaultdict(list)
    for level, index in nodes:
        levels[level].append(index)
    found: dict[tree.Node, bytes] = {}
    if 0 in levels:
        rows = LogEntry.objects.filter(position__in=levels.pop(0)).values_list("position", "leaf")
        found |= {(0, position): bytes.fromhex(leaf) for position, leaf in rows}
    for level, indices in levels.items():
        nodes_there = LogNode.objects.filter(level=level, index__in=indices).values_list("index", "hash")
        found |= {(level, index): bytes.fromhex(node) for index, node in nodes_there}
    return found


def inclusion(entry: LogEntry, head: TreeHead) -> list[str]:
    """The proof that the entry is in the log of that head, hex. Raises `IndexError` when the head is older."""
    return [h.hex() for h in tree.inclusion(entry.position, head.size, fetch)]


def consistency(old: int, new: int) -> list[str]:
    """The proof that the log of `new` leaves only added to that of `old`, hex. Raises `IndexError`."""
    return [h.hex() for h in tree.consistency(old, new, fetch)]


# --- the check of the whole --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong: at which leaf (None: outside the log) and what, in words."""

    position: int | None
    words: Text


def check_log() -> tuple[int, Fault | None]:
    """Walk the whole log once; return how many leaves were good, and the first fault.

    Found are: a changed, missing or inserted leaf, a time that runs backwards, a subtree or signed head that does not
    follow from the leaves, a certificate that says other than its leaf, and one that has no leaf at all.
    """
    trust = signing.load_trust()
    heads = {head.size: head for head in TreeHead.objects.order_by("size")}
    size, peaks, last_at = 0, list[bytes](), None
    entries = LogEntry.objects.select_related("certificate__user").order_by("position").iterator(chunk_size=2000)
    for expected, entry in enumerate(entries):
        if entry.position != expected:
            return expected, Fault(expected, "这一条不见了。")
        if leaf_hash(entry.body.encode()).hex() != entry.leaf:
            return expected, Fault(expected, "内容和它的哈希对不上，内容被改过。")
        if last_at is not None and entry.at < last_at:
            return expected, Fault(expected, "时间早于前一条，是倒填的。")
        if problem := _disagreement(entry):
            return expected, Fault(expected, problem)
        leaf, last_at = bytes.fromhex(entry.leaf), entry.at
        peaks, made = tree.grown(peaks, expected, leaf)
        size = expected + 1
        stored = fetch({(level, index) for level, index, _node in made})
        if any(stored.get((level, index)) != node for level, index, node in made):
            return expected, Fault(expected, "这一条或它左边的子树被改过：保存的节点哈希不同。")
        head = heads.pop(size, None)
        if head is not None and (problem := _head_problem(head, Frontier(size, peaks).root().hex(), trust)):
            return expected, Fault(expected, problem)
    state = LogState.objects.filter(pk=1).first()
    if heads or (state is not None and state.size != size):
        return size, Fault(size, "日志末尾被截掉了：签过的树头比现有的条目多。")
    orphan = Certificate.objects.exclude(log_entries__kind=LogEntry.Kind.ISSUE).order_by("pk").first()
    if orphan is not None:
        return size, Fault(None, f"证书 {orphan.number} 没有载入日志，不是按程序签发的。")
    return size, None


def _disagreement(entry: LogEntry) -> str:
    """In which way the certificate says other than its leaf; empty when it does not."""
    certificate = entry.certificate
    if entry.kind == LogEntry.Kind.REVOKE:
        told = body_of_revocation(certificate, entry.at)
        same_time = certificate.revoked_at == entry.at
    else:
        told = body_of_issue(certificate)
        same_time = certificate.issued_at == entry.at
        revoked = certificate.log_entries.filter(kind=LogEntry.Kind.REVOKE).exists() if certificate.revoked_at else True
        if not revoked:
            return f"证书 {certificate.number} 标着已注销，日志里却没有注销。"
    if "person" in told:  # a corrected ID number is no fault: what it was on the day of issue stays in the leaf
        told["person"] = json.loads(entry.body).get("person", "")
    if canonical(told).decode() == entry.body and same_time:
        return ""
    return f"证书 {certificate.number} 现在的内容和日志里的不同。"


def _head_problem(head: TreeHead, root: str, trust: signing.Trust) -> str:
    told = canonical(head_body(log=head.log, size=head.size, root=head.root, at=iso(head.at)))
    if not trust.is_head(head.log, told, head.signature):
        return f"{head.size} 条时的树头签名无效。"
    if head.root != root:
        return f"前 {head.size} 条和当时签过的树头对不上：其中有被改过的。"
    return ""


def entries_json(start: int, stop: int) -> Iterator[dict[str, Any]]:
    """Leaves [start, stop) as published, for whoever keeps a copy of the log."""
    rows = LogEntry.objects.filter(position__gte=start, position__lt=stop).values_list("position", "leaf", "body")
    return ({"position": position, "leaf": leaf, "body": body} for position, leaf, body in rows)
