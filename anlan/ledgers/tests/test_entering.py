"""Entering: drafts, checks on the server, changes, files."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from anlan.accounts.models import User
from anlan.ledgers.actions.building import open_draft, publish_draft, retire_template, save_field
from anlan.ledgers.actions.entries import Invalid, Stale, enter, save_draft, start_entry
from anlan.ledgers.models import Entry, EntryChange, Template
from anlan.ledgers.tests.helpers import GOOD, fresh, typed
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


def picture(colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(file, "PNG")
    return file.getvalue()


def test_an_entry_is_kept_as_draft_then_entered(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    answer = client.post(reverse("ledgers:start", args=[ledger.pk]))
    entry = Entry.objects.get()
    assert answer["Location"] == reverse("ledgers:edit", args=[entry.pk])
    form = client.get(answer["Location"]).content.decode()
    assert "器材台账" in form and 'name="v.f7.0.c8"' in form
    kept = client.post(
        reverse("ledgers:draft", args=[entry.pk]),
        {"revision": 0, "v.f1": "灭火器", "v.f2": "3x"},
        headers={"Accept": "application/json"},
    )
    assert kept.status_code == 200 and kept.json()["revision"] == 1
    assert fresh(entry).values["f2"] == "3x"  # a draft keeps what was typed
    wrong = client.post(reverse("ledgers:edit", args=[entry.pk]), {"revision": 1, **GOOD, "v.f2": "3x"})
    assert wrong.status_code == 422 and "请写数字" in wrong.content.decode()
    done = client.post(reverse("ledgers:edit", args=[entry.pk]), {"revision": 2, **GOOD}, follow=True)
    assert "已登记" in done.content.decode()
    entry = fresh(entry)
    assert entry.state == "kept" and entry.number.startswith("QC-") and entry.values["f4"] == "136.50"


def test_tapping_start_twice_makes_one_draft(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    for _n in range(2):
        client.post(reverse("ledgers:start", args=[ledger.pk]))
    assert Entry.objects.count() == 1


def test_hidden_values_and_forged_keys_are_not_stored(cast: Cast, ledger: Template) -> None:
    entry = start_entry(ledger, by=cast.manager)
    data = {**GOOD, "v.f6": "不该存", "v.f99": "伪造", "v.f7.0.c99": "伪造", "v.f4": "999"}
    enter(entry, typed(data), by=cast.manager, seen=0)
    values = fresh(entry).values
    assert "f6" not in values and "f99" not in values and values["f7"] == [] and values["f4"] == "136.50"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("v.f2", "0", "不能小于 1"), ("v.f2", "101", "不能大于 100"), ("v.f2", "1.5", "请写整数"), ("v.f3", "NaN", "请写数字"), ("v.f5", "也许", "列出的选项"),
        ("v.f1", "字" * 201, "最多 200 个字"), ("v.f12", "999999", "不在本厂"), ("v.f12", "x" * 30, "不在本厂"), ("v.f1", " ", "请填写"), ("v.f2", "1e999999", "请写数字"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_the_field(cast: Cast, ledger: Template, name: str, text: str, words: str) -> None:
    entry = start_entry(ledger, by=cast.manager)
    with pytest.raises(Invalid) as refused:
        enter(entry, typed({**GOOD, name: text}), by=cast.manager, seen=0)
    assert words in refused.value.read.errors[name.removeprefix("v.")]
    assert fresh(entry).state == "draft"


def test_somebody_of_another_firm_cannot_be_named(cast: Cast, ledger: Template) -> None:
    entry = start_entry(ledger, by=cast.manager)
    with pytest.raises(Invalid):
        enter(entry, typed({**GOOD, "v.f12": cast.other_worker.pk}), by=cast.manager, seen=0)
    enter(entry, typed({**GOOD, "v.f12": cast.worker.pk}), by=cast.manager, seen=0)
    assert fresh(entry).values["f12"] == {"id": cast.worker.pk, "name": "李国强"}


def test_division_by_zero_leaves_the_field_empty(cast: Cast, ledger: Template) -> None:
    draft = open_draft(ledger, by=cast.manager)
    save_field(draft, "f4", {"label": "金额", "formula": "[f2]/[f3]"}, by=cast.manager, edits=0)
    publish_draft(draft, by=cast.manager, edits=1)
    entry = start_entry(ledger, by=cast.manager)
    enter(entry, typed({**GOOD, "v.f3": "0"}), by=cast.manager, seen=0)
    assert fresh(entry).values["f4"] == ""


def test_five_hundred_rows_are_refused_and_kept_in_the_draft(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry = start_entry(ledger, by=cast.manager)
    rows = {f"v.f7.{n}.c8": f"第 {n}" for n in range(500)}
    answer = sign_in(cast.manager).post(reverse("ledgers:edit", args=[entry.pk]), {"revision": 0, **GOOD, **rows})
    assert answer.status_code == 422 and "一张表最多 200 行，现在 500 行" in answer.content.decode()
    assert len(fresh(entry).values["f7"]) == 500


def test_sums_of_tables_are_calculated(cast: Cast, ledger: Template) -> None:
    entry = start_entry(ledger, by=cast.manager)
    enter(entry, typed({**GOOD, "v.f7.0.c9": "1.10", "v.f7.3.c9": "2.2", "v.f7.4.c8": " "}), by=cast.manager, seen=0)
    values = fresh(entry).values
    assert values["f10"] == "3.3" and len(values["f7"]) == 2


def test_a_change_after_entering_is_noted_field_by_field(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry = start_entry(ledger, by=cast.manager)
    enter(entry, typed(GOOD), by=cast.manager, seen=0)
    sign_in(cast.boss).post(reverse("ledgers:edit", args=[entry.pk]), {"revision": 1, **GOOD, "v.f2": "4"})
    assert [(c.label, c.before, c.after, c.by) for c in EntryChange.objects.order_by("pk")] == [
        ("数量", "3", "4", cast.boss), ("金额", "136.50", "182.00", cast.boss),
    ]  # fmt: skip


def test_a_stale_save_shows_both_and_keeps_what_was_typed(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry = start_entry(ledger, by=cast.manager)
    enter(entry, typed(GOOD), by=cast.manager, seen=0)
    enter(fresh(entry), typed({**GOOD, "v.f2": "5"}), by=cast.boss, seen=1)
    answer = sign_in(cast.manager).post(reverse("ledgers:edit", args=[entry.pk]), {"revision": 1, **GOOD, "v.f2": "7"})
    page = answer.content.decode()
    assert answer.status_code == 409 and "吴建国刚刚改过" in page and 'value="7"' in page and "仍然保存我写的" in page
    assert fresh(entry).values["f2"] == "5"
    with pytest.raises(Stale):
        enter(fresh(entry), typed(GOOD), by=cast.manager, seen=0)


def test_an_old_entry_keeps_its_version(cast: Cast, ledger: Template) -> None:
    entry = start_entry(ledger, by=cast.manager)
    save_draft(entry, typed(GOOD), by=cast.manager, seen=0)
    draft = open_draft(ledger, by=cast.manager)
    save_field(draft, "f1", {"label": "新名称", "required": True, "kind": "text"}, by=cast.manager, edits=0)
    publish_draft(draft, by=cast.manager, edits=1)
    enter(fresh(entry), typed(GOOD), by=cast.manager, seen=1)
    assert fresh(entry).version.number == 1
    assert start_entry(Template.objects.get(pk=ledger.pk), by=cast.manager).version.number == 2


def test_a_retired_ledger_takes_no_new_entry_but_the_draft_can_be_finished(cast: Cast, ledger: Template) -> None:
    entry = start_entry(ledger, by=cast.manager)
    save_draft(entry, typed(GOOD), by=cast.manager, seen=0)
    retire_template(ledger, by=cast.manager)
    with pytest.raises(Refused) as refused:
        start_entry(Template.objects.get(pk=ledger.pk), by=cast.manager)
    assert refused.value.code == "retired"
    assert enter(fresh(entry), typed(GOOD), by=cast.manager, seen=1).state == "kept"


def test_photos_are_kept_shown_and_removed(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry, client = start_entry(ledger, by=cast.manager), sign_in(cast.manager)
    url = reverse("ledgers:attach", args=[entry.pk])
    answer = client.post(
        url, {"key": "f11", "file": SimpleUploadedFile("a.png", picture())}, headers={"HX-Request": "true"}
    )
    file = entry.files.get()
    assert answer.status_code == 200 and reverse("ledgers:file", args=[entry.pk, file.pk]) in answer.content.decode()
    assert client.get(reverse("ledgers:file", args=[entry.pk, file.pk]))["Content-Type"] == "image/jpeg"
    assert sign_in(cast.other_boss).get(reverse("ledgers:file", args=[entry.pk, file.pk])).status_code == 404
    for key, content in (("f1", picture()), ("f99", picture()), ("f11", b"no picture")):
        assert client.post(url, {"key": key, "file": SimpleUploadedFile("b.png", content)}).status_code == 422
    client.post(reverse("ledgers:remove", args=[entry.pk, file.pk]))
    assert not entry.files.exists()


def test_a_photo_beyond_the_limit_is_refused_clearly(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry = start_entry(ledger, by=cast.manager)
    big = SimpleUploadedFile("big.png", picture() + bytes(51 * 1024 * 1024))
    answer = sign_in(cast.manager).post(reverse("ledgers:attach", args=[entry.pk]), {"key": "f11", "file": big})
    assert answer.status_code == 422 and "50 MB" in answer.content.decode() and not entry.files.exists()


def test_a_drawn_signature_is_kept_and_nonsense_refused(cast: Cast, ledger: Template) -> None:
    import base64

    entry = start_entry(ledger, by=cast.manager)
    drawn = "data:image/png;base64," + base64.b64encode(picture()).decode()
    enter(entry, typed({**GOOD, "v.f13": "周敏", "v.f13.drawn": drawn}), by=cast.manager, seen=0)
    assert fresh(entry).values["f13"] == {"name": "周敏", "file": entry.files.get().pk}
    with pytest.raises(Refused):
        enter(fresh(entry), typed({**GOOD, "v.f13.drawn": "data:text/html;base64,PGI+"}), by=cast.manager, seen=1)


def test_wiping_the_pad_takes_away_what_the_draft_kept(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    import base64

    entry, client = start_entry(ledger, by=cast.manager), sign_in(cast.manager)
    url = reverse("ledgers:draft", args=[entry.pk])
    for seen, colour in enumerate(("red", "blue")):
        drawn = "data:image/png;base64," + base64.b64encode(picture(colour)).decode()
        assert client.post(url, {**GOOD, "v.f13": "周敏", "v.f13.drawn": drawn, "revision": seen}).status_code == 200
    assert fresh(entry).values["f13"]["file"] == entry.files.get().pk  # one: the last stroke
    assert client.post(url, {**GOOD, "v.f13": "周敏", "v.f13.drawn": "clear", "revision": 2}).status_code == 200
    assert (fresh(entry).values["f13"], entry.files.count()) == ({"name": "周敏"}, 0)
    assert client.post(url, {**GOOD, "v.f13": "", "v.f13.drawn": "clear", "revision": 3}).status_code == 200
    assert fresh(entry).values["f13"] is None


def test_without_script_a_row_is_added_by_a_button(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry = start_entry(ledger, by=cast.manager)
    answer = sign_in(cast.manager).post(
        reverse("ledgers:edit", args=[entry.pk]), {"revision": 0, "v.f7.0.c8": "一", "add_row": "f7"}
    )
    assert answer.status_code == 200 and 'name="v.f7.2.c8"' in answer.content.decode()
    assert fresh(entry).values["f7"] == [{"c8": "一", "c9": ""}]


def test_the_last_entry_can_be_taken_over_without_its_signature(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    old = start_entry(ledger, by=cast.manager)
    enter(old, typed({**GOOD, "v.f13": "周敏"}), by=cast.manager, seen=0)
    sign_in(cast.manager).post(reverse("ledgers:copy", args=[old.pk]))
    new = Entry.objects.exclude(pk=old.pk).get()
    assert new.values == {"f1": "灭火器", "f2": "3", "f3": "45.5", "f5": "是"}


def test_drafts_are_deleted_and_entries_called_off(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    entry = start_entry(ledger, by=cast.manager)
    enter(entry, typed(GOOD), by=cast.manager, seen=0)
    assert client.post(reverse("ledgers:drop", args=[entry.pk])).status_code == 409
    assert client.post(reverse("ledgers:void", args=[entry.pk]), {"because": ""}).status_code == 422
    client.post(reverse("ledgers:void", args=[entry.pk]), {"because": "记重了"})
    assert fresh(entry).state == "void"
    assert client.post(reverse("ledgers:void", args=[entry.pk]), {"because": "再来"}).status_code == 409
    draft = start_entry(ledger, by=cast.manager)
    client.post(reverse("ledgers:drop", args=[draft.pk]))
    assert not Entry.objects.filter(pk=draft.pk).exists()


def test_numbers_go_on_per_firm(cast: Cast, ledger: Template) -> None:
    numbers = []
    for _n in range(3):
        entry = start_entry(ledger, by=cast.manager)
        numbers.append(enter(entry, typed(GOOD), by=cast.manager, seen=0).number)
    assert [each[-4:] for each in numbers] == ["0001", "0002", "0003"]


def who_sees(entry: Entry, cast: Cast, sign_in: SignIn, *names: str) -> dict[str, int]:
    url: Any = reverse("ledgers:entry", args=[entry.pk])
    return {name: sign_in(getattr(cast, name)).get(url).status_code for name in names}


def test_outsiders_do_not_find_it(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry = start_entry(ledger, by=cast.manager)
    assert set(who_sees(entry, cast, sign_in, "grid", "county", "worker", "other_boss", "agency").values()) == {404}
    enter(entry, typed(GOOD), by=cast.manager, seen=0)
    assert who_sees(entry, cast, sign_in, "grid", "county", "boss") == {"grid": 200, "county": 200, "boss": 200}
    assert set(
        who_sees(entry, cast, sign_in, "worker", "other_boss", "other_county", "other_grid", "agency").values()
    ) == {404}


def test_regulators_may_not_write(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    entry = start_entry(ledger, by=cast.manager)
    enter(entry, typed(GOOD), by=cast.manager, seen=0)
    client = sign_in(cast.grid)
    for name in ("void", "copy", "draft", "attach"):
        assert client.post(reverse(f"ledgers:{name}", args=[entry.pk]), {"because": "x"}).status_code in (
            403,
            409,
            422,
        ), name
    assert client.get(reverse("ledgers:start", args=[ledger.pk])).status_code == 405
    assert fresh(entry).state == "kept"
