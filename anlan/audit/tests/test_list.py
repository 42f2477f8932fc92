"""The page of the record: who may read it, how it is searched, that reading leaves a trace."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import anlan
from anlan.accounts.models import Post, Role, User
from anlan.audit.actions import record
from anlan.audit.facts import FACTS
from anlan.audit.models import Record
from anlan.audit.tasks import seal
from anlan.audit.verbs import VERBS, facts
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


def lay(cast: Cast, n: int = 3) -> None:
    for i in range(n):
        record("grant_post", cast.worker, by=cast.county, region_code="410105018", role="员工", scope=f"范围{i}")
    record("reveal", cast.far_worker, by=cast.other_city, region_code="410303001", field="phone")


def found(client: Client, **query: str) -> str:
    return client.get("/audit/", query, headers={"HX-Request": "true"}).content.decode()


def test_the_auditor_reads_in_plain_words(cast: Cast, sign_in: SignIn) -> None:
    lay(cast)
    page = sign_in(cast.auditor).get("/audit/").content.decode()
    assert "授予身份" in page and "查看完整号码" in page and "字段：手机号" in page
    assert "grant_post" not in page.split("<tbody>")[1] and cast.worker.phone not in page


@pytest.mark.parametrize("who", ["province", "county", "boss", "manager", "worker", "teacher", "operator"])
def test_nobody_else_reads_it(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    assert client.get("/audit/").status_code == 403
    assert client.get("/audit/export/").status_code == 403
    assert client.post("/audit/verify/").status_code == 403
    assert not Record.objects.filter(verb__endswith="_audit").exists()


def test_an_auditor_of_a_territory_reads_that_territory(cast: Cast, sign_in: SignIn) -> None:
    lay(cast)
    Role.objects.create(code="city_auditor", name="市审计", account_class="platform", powers=["read_audit"])
    Post.objects.filter(user=cast.auditor).update(role="city_auditor", region_code="4101")
    rows = found(sign_in(cast.auditor))
    assert "授予身份" in rows and "查看完整号码" not in rows


def test_it_is_searched_by_person_verb_subject_and_day(cast: Cast, sign_in: SignIn) -> None:
    lay(cast)
    client = sign_in(cast.auditor)
    client.get("/audit/")
    assert "3 条记录" in found(client, who="陈立")
    assert "1 条记录" in found(client, verb="reveal")
    assert "3 条记录" in found(client, about="李国强")
    assert "3 条记录" in found(client, about=str(cast.worker.pk), verb="grant_post")
    today = timezone.localdate()
    assert "4 条记录" not in found(client, first=str(today + timedelta(days=1)))
    assert "没有符合条件的记录" in found(client, last=str(today - timedelta(days=1)))
    assert "1 条记录" in found(client, first=str(today), last=str(today), verb="reveal")


def test_a_condition_that_makes_no_sense_is_said_and_not_applied(cast: Cast, sign_in: SignIn) -> None:
    lay(cast)
    page = sign_in(cast.auditor).get("/audit/", {"first": "昨天", "verb": "reveal"}).content.decode()
    assert "invalid-feedback" in page and "1 条记录" in page


def test_reading_is_recorded_once_a_day(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.auditor)
    for _n in range(3):
        client.get("/audit/")
    assert Record.objects.filter(verb="read_audit").count() == 1
    Record.objects.update(at=timezone.now() - timedelta(days=1))
    client.get("/audit/")
    assert Record.objects.filter(verb="read_audit").count() == 2


def test_the_export_is_recorded_with_its_conditions(cast: Cast, sign_in: SignIn) -> None:
    lay(cast)
    record("grant_post", ("accounts.user", "1", "=SUM(A1)"), by=None)
    answer = sign_in(cast.auditor).get("/audit/export/", {"verb": "grant_post"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.count("\r\n") == 5
    assert "'=SUM(A1)" in text and "授予身份" in text
    assert Record.objects.get(verb="export_audit").detail == {"rows": 4, "filter": {"verb": "grant_post"}}


def test_verifying_says_what_it_found(cast: Cast, sign_in: SignIn) -> None:
    lay(cast)
    client = sign_in(cast.auditor)
    assert client.get("/audit/verify/").status_code == 405
    page = client.post("/audit/verify/", follow=True).content.decode()
    assert "没有改动" in page and "链完整" in page
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_record SET actor_name = '别人' WHERE position = 2")
    page = client.post("/audit/verify/", follow=True).content.decode()
    assert "链在第 2 条断开" in page


def test_the_list_asks_the_same_for_many_as_for_few(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.auditor)
    counts = []
    for n in (2, 20):
        lay(cast, n)
        seal()
        client.get("/audit/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/audit/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_every_verb_that_is_recorded_has_words() -> None:
    """An auditor reads sentences, not identifiers: a new verb brings its words to `audit/verbs.py`."""
    sources = [path for path in Path(anlan.__path__[0]).rglob("*.py") if "tests" not in path.parts]
    recorded = {
        verb for path in sources for verb in re.findall(r'\brecord\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(recorded) > 10
    assert recorded <= set(VERBS), recorded - set(VERBS)


def test_details_are_words_and_not_python() -> None:
    assert facts({"n": 2, "kept": True, "signed": ["初审 甲", "终审 乙"], "none": []}) == [
        (str(FACTS.get("n", "n")), "2"), (str(FACTS.get("kept", "kept")), "是"), (str(FACTS.get("signed", "signed")), "初审 甲、终审 乙"),
    ]  # fmt: skip
