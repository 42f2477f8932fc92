"""The log only grows, proves it, and shows every tampering."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from anlan.certificates import log, signing, tree
from anlan.certificates.models import Certificate, LogEntry, LogNode, LogState, TreeHead
from anlan.certificates.record import blinded, canonical, head_body
from anlan.lib import merkle
from anlan.operations.demo.cast import Cast

Issue = Callable[..., Certificate]


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(str(n).encode()).digest() for n in range(count)]


def stored(hashes: list[bytes]) -> tree.Fetch:
    """The nodes that a log of these leaves keeps."""
    nodes: dict[tree.Node, bytes] = {}
    peaks: list[bytes] = []
    for size, leaf in enumerate(hashes):
        nodes[0, size] = leaf
        peaks, made = tree.grown(peaks, size, leaf)
        nodes |= {(level, index): node for level, index, node in made}
    return lambda wanted: {node: nodes[node] for node in wanted}


@given(st.data())
def test_proofs_from_kept_nodes_equal_those_over_all_leaves(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 200))
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    assert tree.inclusion(index, size, stored(hashes)) == merkle.inclusion_proof(index, hashes)
    assert tree.consistency(old, size, stored(hashes)) == merkle.consistency_proof(old, hashes)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        tree.inclusion(index, size, stored(leaves(3)))


@pytest.fixture
def seven(issue: Issue, cast: Cast) -> list[Certificate]:
    """Seven certificates, a signed head after each."""
    return [
        issue(user) for user in (cast.worker, cast.boss, cast.manager, cast.teacher, cast.town, cast.grid, cast.county)
    ]


def test_a_sound_log_passes(seven: list[Certificate]) -> None:
    assert log.check_log() == (7, None)
    assert TreeHead.objects.count() == 7


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_a_changed_body_is_named(seven: list[Certificate]) -> None:
    sql("UPDATE certificates_logentry SET body = REPLACE(body, '24.0', '99.0') WHERE position = 3")
    assert (fault := log.check_log()[1]) is not None
    assert fault.position == 3


def test_a_changed_body_with_a_matching_hash_is_named_too(seven: list[Certificate]) -> None:
    """Whoever rewrites leaf and certificate alike is betrayed by the nodes and by the signed head."""
    entry = LogEntry.objects.get(position=3)
    Certificate.objects.filter(pk=entry.certificate_id).update(title="另一门课")
    body = canonical({**json.loads(entry.body), "title": "另一门课"})
    sql(
        "UPDATE certificates_logentry SET body = %s, leaf = %s WHERE position = 3",
        body.decode(),
        merkle.leaf_hash(body).hex(),
    )
    assert (fault := log.check_log()[1]) is not None
    assert fault.position == 3
    LogNode.objects.all().delete()
    hashes = [bytes.fromhex(leaf) for leaf in LogEntry.objects.values_list("leaf", flat=True)]
    peaks: list[bytes] = []
    for size, leaf in enumerate(hashes):
        peaks, made = tree.grown(peaks, size, leaf)
        LogNode.objects.bulk_create(LogNode(level=level, index=index, hash=h.hex()) for level, index, h in made)
    assert (fault := log.check_log()[1]) is not None
    assert (fault.position, "树头" in str(fault.words)) == (3, True)


def test_a_back_dated_insertion_breaks_consistency_and_is_named(seven: list[Certificate]) -> None:
    old_root, old_size = bytes.fromhex(TreeHead.objects.get(size=5).root), 5
    newest = TreeHead.objects.get(size=7)
    sql("UPDATE certificates_logentry SET position = position + 1000 WHERE position >= 2")
    sql("UPDATE certificates_logentry SET position = position - 999 WHERE position >= 1000")
    first = LogEntry.objects.get(position=1)
    forged = canonical({**json.loads(first.body), "holder": "00" * 32})
    LogEntry.objects.filter(position=3).update(certificate=seven[0], kind="revoke")  # make room for a second issue leaf
    LogEntry.objects.create(
        position=2,
        kind="issue",
        certificate=seven[2],
        body=forged.decode(),
        leaf=merkle.leaf_hash(forged).hex(),
        at=first.at,
    )
    assert (fault := log.check_log()[1]) is not None
    assert fault.position == 2
    hashes = [bytes.fromhex(leaf) for leaf in LogEntry.objects.order_by("position").values_list("leaf", flat=True)]
    root, proof = merkle.root(hashes), merkle.consistency_proof(old_size, hashes)
    assert root.hex() != newest.root
    assert not merkle.verify_consistency(old_size, len(hashes), old_root, root, proof)


def test_a_leaf_that_is_missing_and_one_cut_off_at_the_end_are_named(seven: list[Certificate]) -> None:
    LogEntry.objects.filter(position=6).delete()
    assert (fault := log.check_log()[1]) is not None
    assert fault.position == 6
    LogEntry.objects.filter(position=2).delete()
    assert (fault := log.check_log()[1]) is not None
    assert fault.position == 2


def test_a_certificate_changed_or_inserted_past_the_log_is_named(seven: list[Certificate]) -> None:
    sql("UPDATE certificates_certificate SET holder = '王五' WHERE id = %s", seven[4].pk)
    assert (fault := log.check_log()[1]) is not None
    assert (fault.position, seven[4].number in str(fault.words)) == (4, True)
    sql("UPDATE certificates_certificate SET holder = %s WHERE id = %s", seven[4].holder, seven[4].pk)
    forged = Certificate.objects.get(pk=seven[0].pk)
    forged.pk, forged.number, forged.training_class, forged.sitting = None, "AL202600000000Z", None, None
    forged.save()
    assert (fault := log.check_log()[1]) is not None
    assert (fault.position, "AL202600000000Z" in str(fault.words)) == (None, True)


def test_a_corrected_id_number_is_no_fault(seven: list[Certificate], cast: Cast) -> None:
    cast.worker.set_id_number("")
    cast.worker.save()
    assert log.check_log() == (7, None)


def test_heads_are_signed_at_most_every_few_seconds(issue: Issue, cast: Cast) -> None:
    issue()
    head = TreeHead.objects.get()
    TreeHead.objects.update(at=timezone.now().replace(microsecond=0))
    state = LogState.objects.get()
    certificate = Certificate.objects.get()
    log.append(state, certificate, "revoke", log.body_of_revocation(certificate, timezone.now()), timezone.now())
    assert log.sign_head() == head
    TreeHead.objects.update(at=timezone.now() - timedelta(seconds=10))
    newer = log.sign_head()
    assert newer is not None
    assert newer.size == 2
    assert log.sign_head() == newer


def test_an_empty_log_has_no_head(db: None) -> None:
    assert log.sign_head() is None
    assert log.check_log() == (0, None)


def test_anybody_can_check_a_certificate_from_the_published_json(seven: list[Certificate]) -> None:
    client, certificate = Client(), seven[2]
    proof = client.get(f"/log/proof/{certificate.number}.json").json()
    head, leaf = proof["head"], proof["leaves"][0]
    body = json.loads(leaf["body"])
    assert body["certificate"] == blinded(proof["blind"], certificate.number)
    path = [bytes.fromhex(h) for h in leaf["proof"]]
    hashed = merkle.leaf_hash(leaf["body"].encode())
    assert merkle.verify_inclusion(hashed, leaf["index"], head["size"], path, bytes.fromhex(head["root"]))
    told = canonical(head_body(log=head["log"], size=head["size"], root=head["root"], at=head["at"]))
    assert signing.load_trust().is_head(head["log"], told, head["signature"])


def test_anybody_can_rebuild_the_whole_log_and_its_consistency(seven: list[Certificate]) -> None:
    client = Client()
    entries = client.get("/log/entries.json?from=0").json()["entries"]
    hashes = [merkle.leaf_hash(entry["body"].encode()) for entry in entries]
    heads = client.get("/log/heads.json").json()["heads"]
    assert [head["size"] for head in heads] == [7, 6, 5, 4, 3, 2, 1]
    for head in heads:
        assert merkle.root(hashes[: head["size"]]).hex() == head["root"]
    answer = client.get("/log/consistency.json?from=3&to=7").json()
    roots = [bytes.fromhex(answer[name]["root"]) for name in ("from", "to")]
    assert merkle.verify_consistency(3, 7, *roots, [bytes.fromhex(h) for h in answer["proof"]])


@pytest.mark.parametrize("query", ["from=x", "from=99", "from=5&to=3", "from=-1", "from=1e9"])
def test_nonsense_sizes_are_404(seven: list[Certificate], query: str) -> None:
    assert Client().get(f"/log/consistency.json?{query}").status_code == 404


def test_nothing_public_names_a_person_or_a_number(seven: list[Certificate], cast: Cast) -> None:
    client = Client()
    public = "".join(
        client.get(url).content.decode()
        for url in ("/log/", "/log/heads.json", "/log/entries.json?from=0", "/log/consistency.json?from=2")
    )
    for certificate in seven:
        for secret in (certificate.number, certificate.grouped, certificate.holder, certificate.user.id_number):
            assert secret not in public
        for secret in (certificate.user.phone, certificate.holder_id_masked, certificate.salt):
            assert secret not in public
    proof = client.get(f"/log/proof/{seven[0].number}.json").content.decode()
    assert seven[0].holder not in proof
    assert seven[0].salts.blind("holder") not in proof
    assert seven[0].salts.blind("person") not in proof


def test_the_log_page_asks_the_same_for_two_and_for_seven(
    issue: Issue, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for user in (cast.worker, cast.boss):
        issue(user)
    with django_assert_max_num_queries(6):
        assert "#2" in Client().get("/log/").content.decode()
    for user in (cast.manager, cast.teacher, cast.town):
        issue(user)
    with django_assert_max_num_queries(6):
        assert "#5" in Client().get("/log/").content.decode()
