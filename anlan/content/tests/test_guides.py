"""A guide to an article is put right like any text: three reviews and three proofs, then it stands beside the law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from anlan.accounts.models import User
from anlan.audit.models import Record
from anlan.content.actions import release, submit_page
from anlan.content.actions.drafts import newest
from anlan.content.models import Entry, GuidePage, ReviewRound
from anlan.content.tasks import reindex
from anlan.law.actions.guides import install_guides
from anlan.law.models import Guide
from anlan.operations.demo.cast import Cast
from anlan.search.models import Document

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ADDRESS = "/editing/guide/安全生产法/28/"
ARTICLE = "/law/安全生产法/28/"


@pytest.fixture
def guide(cast: Cast) -> Guide:
    """The shipped guide to article 28."""
    install_guides()
    return Guide.objects.get(statute__slug="安全生产法", ref="28")


def begun(client: Client, guide: Guide) -> tuple[GuidePage, str]:
    """Begin to put it right: the page and the address of its form."""
    address = client.post(ADDRESS).headers["Location"]
    return GuidePage.objects.get(guide=guide), address


def words(page: GuidePage, **changed: Any) -> dict[str, Any]:
    """What the form of a guide sends."""
    now = newest(page)
    fields = {name: getattr(now, name) for name in now.TEXTS} | {"seen": str(now.latest_revision_id)}
    return {name: "\n".join(v) if isinstance(v, list) else v for name, v in (fields | changed).items()}


def test_a_guide_is_public_only_after_three_reviews(
    cast: Cast, guide: Guide, client: Client, sign_in: SignIn, sign_all: Callable[..., ReviewRound]
) -> None:
    editor = sign_in(cast.editor)
    assert reverse("content:guide", args=["安全生产法", "28"]) in editor.get(ARTICLE).content.decode()
    page, form = begun(editor, guide)
    assert guide.body["who"] in editor.get(form).content.decode()
    assert editor.post(form, words(page, see="不是引用:x")).status_code == 422
    assert editor.post(form, words(page, title="新人先学会再上岗", duty=["先教", "再考", "再上岗"])).status_code == 302
    assert "新人先学会再上岗" not in client.get(ARTICLE).content.decode()
    page.refresh_from_db()
    compared = editor.get(reverse("content:compare", args=[page.pk])).content.decode()
    assert "再考" in compared
    assert "讲清规程" in compared, "beside what is public now"
    release(sign_all(submit_page(page, by=cast.editor)), by=cast.chief_editor)
    shown = client.get(ARTICLE).content.decode()
    assert "新人先学会再上岗" in shown
    assert "再考" in shown
    assert cast.chief_editor.name in shown
    guide.refresh_from_db()
    assert guide.edited
    assert guide.body["audience"]
    assert Record.objects.get(verb="edit_guide").detail["before"]["body"]["title"] != "新人先学会再上岗"
    assert Document.objects.get(kind="guide", key="安全生产法:28").title.endswith("新人先学会再上岗")


def test_a_guide_stands_on_no_list_of_the_site_and_the_index_keeps_the_law_s_own(
    cast: Cast, guide: Guide, sign_in: SignIn, sign_all: Callable[..., ReviewRound]
) -> None:
    editor = sign_in(cast.editor)
    page, form = begun(editor, guide)
    editor.post(form, words(page, who="老板、班组长"))
    release(sign_all(submit_page(page, by=cast.editor)), by=cast.chief_editor)
    assert page.pk not in Entry.objects.public().values_list("pk", flat=True)
    before = Document.objects.filter(kind="guide", gone=False).count()
    reindex()
    assert Document.objects.filter(kind="guide", gone=False).count() == before == 119


def test_two_editors_work_on_the_same_guide(cast: Cast, guide: Guide, sign_in: SignIn) -> None:
    editor, other = sign_in(cast.editor), sign_in(cast.reviewer)
    page, form = begun(editor, guide)
    assert begun(other, guide) == (page, form)
    old = words(page, who="班组长")
    editor.post(form, words(page, who="老板"))
    late = other.post(form, old)
    assert late.status_code == 409
    assert "班组长" in late.content.decode()
    assert newest(page).who == "老板"
    assert begun(other, guide) == (page, form), "what is being written stays"
    assert newest(page).who == "老板"


def test_new_words_of_the_house_are_what_the_next_change_begins_with(cast: Cast, guide: Guide, sign_in: SignIn) -> None:
    editor = sign_in(cast.editor)
    page, form = begun(editor, guide)
    guide.body |= {"who": "所有单位"}
    guide.save()
    begun(editor, guide)
    assert "所有单位" in editor.get(form).content.decode()
    page.refresh_from_db()
    assert not page.has_unpublished_changes


def test_only_editors_open_it(cast: Cast, guide: Guide, sign_in: SignIn, client: Client) -> None:
    for person in (cast.worker, cast.teacher, cast.manager):
        assert sign_in(person).post(ADDRESS).status_code == 404
    assert client.post(ADDRESS).status_code == 302
    assert not GuidePage.objects.exists()
    assert sign_in(cast.editor).get("/editing/new/guide/").status_code == 404
    assert sign_in(cast.editor).post("/editing/guide/安全生产法/999/").status_code == 404
