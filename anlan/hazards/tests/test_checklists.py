"""Checklists: ours, loading, drafts, publishing, comparing, retiring; who may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from anlan.accounts.models import User
from anlan.hazards.actions.checklists import (
    OURS,
    copy_checklist,
    draft_version,
    fingerprint,
    load_checklists,
    move_item,
    publish_version,
    retire_checklist,
    write_item,
)
from anlan.hazards.models import Checklist, ChecklistVersion, Inspection
from anlan.hazards.views.checklists import differences
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def test_ours_are_complete_and_loading_again_makes_no_version() -> None:
    made = load_checklists()
    assert len(made) == 13 and load_checklists() == []
    kinds = sorted(Checklist.objects.values_list("kind", flat=True))
    assert kinds.count("patrol") == 11 and {"monthly", "quarterly"} <= set(kinds)
    keys: list[str] = []
    for version in made:
        assert 12 <= len(version.items) <= 20, version
        for item in version.items:
            keys.append(item["key"])
            assert item["text"] and item["how"] and item["cite"] and item["hazard"]["measure"], item
            assert (item["hazard"]["grade"] == "major") == bool(item["major"])
            if item["major"]:
                assert "应急管理部令第10号" in item["cite"], item
    assert len(keys) == len(set(keys))


def test_a_file_that_changed_makes_a_new_version_and_leaves_the_old_and_its_visits_alone(
    tmp_path: Path, cast: Cast
) -> None:
    load_checklists()
    old = Checklist.objects.get(code="kitchen").current
    assert old is not None
    visit = Inspection.objects.create(enterprise_id=cast.bakery.pk, region_code="410105019", kind="patrol")
    visit.checklists.add(old)
    text = (OURS / "kitchen.toml").read_text(encoding="utf-8")
    (tmp_path / "kitchen.toml").write_text(text.replace("软管不超过两米", "软管不超过 2 米"), encoding="utf-8")
    new = load_checklists(tmp_path)
    assert [version.number for version in new] == [2] and Checklist.objects.get(code="kitchen").current == new[0]
    old.refresh_from_db()
    assert "软管不超过两米" in str(old.items) and visit.checklists.get() == old
    assert [row["what"] for row in differences(old, new[0])] == ["changed"]


def values(**other: Any) -> dict[str, Any]:
    """An item as the form gives it."""
    return (
        {
            "group": "用电",
            "text": "总闸能拉下",
            "how": "拉一次",
            "cite": "安全生产法第三十六条",
            "photo": True,
            "major": "",
        }
        | {"hazard": {"title": "总闸失灵", "kind": "electric", "measure": "换总闸"}}
        | other
    )


def local(cast: Cast) -> tuple[Checklist, ChecklistVersion]:
    """The county's own copy of the general list, with its draft."""
    load_checklists()
    own = copy_checklist(Checklist.objects.get(code="general"), by=cast.county)
    return own, draft_version(own, by=cast.county)


def test_a_local_list_is_drafted_published_and_never_changed_again(cast: Cast) -> None:
    own, draft = local(cast)
    key = write_item(draft, values(), by=cast.county)
    draft.refresh_from_db()
    at = [item["key"] for item in draft.items].index(key)
    assert draft.items[at - 1]["group"] == "用电"
    move_item(draft, key, by=cast.county, up=True)
    publish_version(draft, by=cast.county, note="加总闸")
    own.refresh_from_db()
    assert own.current == draft and own.current.published_by == cast.county
    with pytest.raises(Refused) as refused:
        write_item(draft, values(), by=cast.county)
    assert refused.value.code == "published"
    again = draft_version(own, by=cast.deputy)
    assert (again.number, draft_version(own, by=cast.county).pk) == (2, again.pk)
    with pytest.raises(Refused) as refused:
        publish_version(again, by=cast.county)
    assert refused.value.code == "unchanged"
    assert copy_checklist(Checklist.objects.get(code="general"), by=cast.deputy).pk == own.pk


def test_two_editors_of_one_item_do_not_overwrite_each_other(cast: Cast) -> None:
    _own, draft = local(cast)
    seen = fingerprint(draft.items[0])
    write_item(draft, values(text="甲"), by=cast.county, key=draft.items[0]["key"], seen=seen)
    with pytest.raises(Refused) as refused:
        write_item(draft, values(text="乙"), by=cast.deputy, key=draft.items[0]["key"], seen=seen)
    draft.refresh_from_db()
    assert refused.value.code == "stale" and draft.items[0]["text"] == "甲"


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"text": " "}, "text"),
        ({"group": ""}, "group"),
        ({"how": "长" * 121}, "how"),
        ({"hazard": {"kind": "x"}}, "kind"),
    ],
)
def test_an_item_without_words_or_too_long_is_refused(cast: Cast, other: dict[str, Any], field: str) -> None:
    _own, draft = local(cast)
    before = list(draft.items)
    with pytest.raises(Refused) as refused:
        write_item(draft, values(**other), by=cast.county)
    assert (refused.value.status, refused.value.field) == (422, field)
    draft.refresh_from_db()
    assert draft.items == before


def test_only_whoever_keeps_the_rules_there_edits(cast: Cast) -> None:
    own, draft = local(cast)
    for person in (cast.grid, cast.town, cast.other_county, cast.manager):
        with pytest.raises(Refused) as refused:
            write_item(draft, values(), by=person)
        assert refused.value.status == 403
    platform = Checklist.objects.get(code="general")
    assert platform.can_edit(cast.province) and not platform.can_edit(cast.county) and own.can_edit(cast.city)
    retire_checklist(own, by=cast.county)
    assert own not in Checklist.objects.in_use()


def test_pages_search_read_print_edit_compare_and_publish(cast: Cast, sign_in: SignIn) -> None:
    own, draft = local(cast)
    client = sign_in(cast.county)
    assert "木制家具粉尘检查表" in client.get(reverse("hazards:checklists"), {"q": "锁气卸灰"}).content.decode()
    assert "没有找到检查表" in client.get(reverse("hazards:checklists"), {"q": "宇宙飞船"}).content.decode()
    machining = Checklist.objects.get(code="machining")
    assert "建一张本地的" in client.get(reverse("hazards:checklist", args=[machining.pk])).content.decode()
    assert client.get(reverse("hazards:checklist-pdf", args=[machining.pk])).content.startswith(b"%PDF")
    item = reverse("hazards:checklist-item-new", args=[own.pk])
    assert client.post(item, {"group": "用电"}).status_code == 422
    given = {"group": "用电", "text": "总闸能拉下", "kind": "electric", "title": "总闸失灵"}
    assert client.post(item, given).status_code == 302
    compared = client.get(reverse("hazards:checklist-compare", args=[own.pk]), {"from": "²", "to": "9"})
    assert compared.status_code == 200
    first = draft.items[1]["key"]
    client.post(reverse("hazards:checklist-change", args=[own.pk, "up"]), {"item": first})
    client.post(reverse("hazards:checklist-change", args=[own.pk, "remove"]), {"item": draft.items[2]["key"]})
    draft.refresh_from_db()
    assert draft.items[0]["key"] == first and len(draft.items) == 14
    client.post(reverse("hazards:checklist-change", args=[own.pk, "publish"]), {"note": "x"})
    assert Checklist.objects.get(pk=own.pk).current == draft
    assert client.post(reverse("hazards:checklist-change", args=[own.pk, "explode"])).status_code == 404
    assert sign_in(cast.manager).get(reverse("hazards:checklists")).status_code == 404
    assert sign_in(cast.other_county).get(item).status_code == 404
