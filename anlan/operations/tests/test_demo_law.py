"""The demo's invented ordinance: three versions in time, and a text of ours that its amendment made stale."""

from __future__ import annotations

import pytest
from django.test import Client

from anlan.law.models import Citation, Import, Version
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.content import lay_content
from anlan.operations.demo.law import INVENTED, lay_amendments, lay_law

pytestmark = pytest.mark.django_db


def test_the_ordinance_has_a_past_a_present_and_a_future_and_an_article_waits_to_be_read_again(
    cast: Cast, client: Client
) -> None:
    for _again in range(2):
        lay_law(cast)
        lay_content(cast)
        lay_amendments(cast)
    assert [v.key for v in Version.objects.filter(statute__slug=INVENTED).order_by("key")] == [
        "2019-05-20",
        "2025-03-28",
        "2026-10-30",
    ]
    runs = Import.objects.filter(source="演示法规")
    assert sorted((run.added, len(run.report)) for run in runs) == [(1, 0), (2, 0)]
    stale = Citation.objects.stale().get()
    assert (stale.kind, stale.title, stale.statute.slug, stale.ref) == (
        "news",
        "新工人第一天，先别碰机器（演示）",
        INVENTED,
        "3",
    )
    page = client.get(f"/law/{INVENTED}/4/").content.decode()
    assert "没有经过安全培训" in page
    assert "第三条" in page
    assert "2027" in client.get(f"/law/{INVENTED}/5-1/").content.decode()
