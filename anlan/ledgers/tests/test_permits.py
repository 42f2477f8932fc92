"""The chain of a dangerous-work permit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.ledgers.actions.entries import attach_file, enter, start_entry
from anlan.ledgers.actions.permits import close_permit, hand_in, hours_of, return_permit, sign_step, waiting_step
from anlan.ledgers.due import due_for
from anlan.ledgers.models import Entry, Step, Template
from anlan.ledgers.tasks import remind_open_permits
from anlan.ledgers.tests.helpers import fresh, hot_values, keys, typed
from anlan.ledgers.tests.test_entering import picture
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
SIGN = {"signed": "签"}


def handed_in(cast: Cast, template: Template, level: str = "一级") -> Entry:
    entry = start_entry(template, by=cast.worker)
    attach_file(entry, keys(template)["动火点照片"], ContentFile(picture()), "a.png", by=cast.worker)
    enter(entry, typed(hot_values(template, cast.manager.pk, level)), by=cast.worker, seen=0)
    hand_in(entry, typed({"person.1": cast.manager.pk, "signed": "李国强"}), by=cast.worker)
    return fresh(entry)


def turn(entry: Entry) -> Step:
    step = waiting_step(fresh(entry))
    assert step is not None
    return step


def test_each_signs_in_order_and_the_last_makes_it_valid(cast: Cast, hot_work: Template, sign_in: SignIn) -> None:
    entry = handed_in(cast, hot_work)
    assert entry.state == "pending" and [s.name for s in entry.steps.all()] == [
        "申请",
        "作业负责人",
        "安全管理人员",
        "主要负责人",
    ]
    assert "等您签字" in str(due_for(cast.manager)[0].title) and not [
        d for d in due_for(cast.worker) if "签字" in str(d.title)
    ]
    url = reverse("ledgers:sign", args=[entry.pk])
    page = sign_in(cast.manager).get(reverse("ledgers:entry", args=[entry.pk])).content.decode()
    assert "轮到您签字" in page
    sign_in(cast.manager).post(url, {"step": turn(entry).pk, **SIGN})
    sign_in(cast.manager).post(url, {"step": turn(entry).pk, **SIGN})
    assert sign_in(cast.manager).post(url, {"step": turn(entry).pk, **SIGN}).status_code == 403  # only the head
    before = timezone.now()
    sign_in(cast.boss).post(url, {"step": turn(entry).pk, **SIGN, "words": "同意"})
    entry = fresh(entry)
    assert entry.state == "valid" and entry.valid_from is not None and entry.valid_from >= before
    assert entry.valid_until == entry.valid_from + timedelta(hours=8)
    assert Notice.objects.filter(user=cast.worker, key=f"permit:{entry.pk}:1:approved").exists()
    assert (
        len({step.seal for step in entry.steps.all()}) == 1 == len({entry.seal(), *[s.seal for s in entry.steps.all()]})
    )


def test_the_level_decides_who_signs_and_how_long(cast: Cast, hot_work: Template) -> None:
    entry = handed_in(cast, hot_work, "二级")
    assert [s.name for s in entry.steps.all()] == ["申请", "作业负责人", "安全管理人员"]
    assert hours_of(entry) == 72


def test_nobody_approves_their_own_application(cast: Cast, hot_work: Template) -> None:
    entry = start_entry(hot_work, by=cast.boss)
    attach_file(entry, keys(hot_work)["动火点照片"], ContentFile(picture()), "a.png", by=cast.boss)
    enter(entry, typed(hot_values(hot_work, cast.manager.pk)), by=cast.boss, seen=0)
    with pytest.raises(Refused) as refused:  # the only head is the applicant
        hand_in(entry, typed({"person.1": cast.manager.pk}), by=cast.boss)
    assert refused.value.code == "nobody"
    with pytest.raises(Refused):
        hand_in(entry, typed({"person.1": cast.boss.pk}), by=cast.boss)
    assert fresh(entry).state == "draft"
    other = handed_in(cast, hot_work)
    with pytest.raises(Refused) as own:
        sign_step(turn(other), typed(SIGN), by=cast.worker)
    assert own.value.code == "own_application"


def test_of_two_who_sign_at_once_one_wins(cast: Cast, hot_work: Template) -> None:
    entry = handed_in(cast, hot_work)
    sign_step(turn(entry), typed(SIGN), by=cast.manager)
    first, second = turn(entry), turn(entry)  # both have the page open
    sign_step(first, typed(SIGN), by=cast.boss)
    with pytest.raises(Refused) as refused:
        sign_step(second, typed(SIGN), by=cast.manager)
    assert refused.value.code in ("taken", "not_turn")
    assert Step.objects.get(pk=first.pk).person == cast.boss


def test_what_is_signed_can_no_longer_be_changed(cast: Cast, hot_work: Template, sign_in: SignIn) -> None:
    entry = handed_in(cast, hot_work)
    with pytest.raises(Refused) as refused:
        enter(entry, typed(hot_values(hot_work, cast.manager.pk, "二级")), by=cast.manager, seen=entry.revision)
    assert refused.value.code == "sealed"
    for name in ("edit", "draft"):
        answer = sign_in(cast.manager).post(reverse(f"ledgers:{name}", args=[entry.pk]), {"revision": entry.revision})
        assert answer.status_code == 409
    Entry.objects.filter(pk=entry.pk).update(values={})  # behind our back: the page says so
    assert "和签字时不一致" in sign_in(cast.manager).get(reverse("ledgers:entry", args=[entry.pk])).content.decode()


def test_a_returned_permit_is_changed_and_signed_anew(cast: Cast, hot_work: Template) -> None:
    entry = handed_in(cast, hot_work)
    with pytest.raises(Refused) as refused:
        return_permit(turn(entry), " ", by=cast.manager)
    assert refused.value.code == "reason"
    sign_step(turn(entry), typed(SIGN), by=cast.manager)
    return_permit(turn(entry), "乙炔瓶离得太近", by=cast.manager)
    entry = fresh(entry)
    assert entry.state == "returned" and entry.can_edit(cast.worker)
    assert any("被退回" in str(due.title) for due in due_for(cast.worker))
    enter(entry, typed(hot_values(hot_work, cast.manager.pk, "二级")), by=cast.worker, seen=entry.revision)
    hand_in(fresh(entry), typed({"person.1": cast.boss.pk}), by=cast.worker)
    entry = fresh(entry)
    assert entry.round == 2 and turn(entry).person == cast.boss and entry.number.endswith("0001")


def test_an_incomplete_draft_cannot_be_handed_in(cast: Cast, hot_work: Template, sign_in: SignIn) -> None:
    entry = start_entry(hot_work, by=cast.worker)
    answer = sign_in(cast.worker).post(reverse("ledgers:hand-in", args=[entry.pk]), {"person.1": cast.manager.pk})
    assert answer["Location"] == reverse("ledgers:edit", args=[entry.pk])
    assert fresh(entry).state == "draft" and not entry.steps.exists()


def test_a_permit_over_time_is_reminded_once_a_day_and_can_still_be_closed(
    cast: Cast, hot_work: Template, sign_in: SignIn
) -> None:
    entry = handed_in(cast, hot_work, "二级")
    for who in (cast.manager, cast.boss):
        sign_step(turn(entry), typed(SIGN), by=who)
    assert remind_open_permits() == 0
    Entry.objects.filter(pk=entry.pk).update(valid_until=timezone.now() - timedelta(minutes=1))
    assert remind_open_permits() == 3  # applicant, safety manager, head
    assert remind_open_permits() == 0
    Entry.objects.filter(pk=entry.pk).update(valid_until=timezone.now() - timedelta(days=2))
    assert remind_open_permits() == 3
    assert (
        "已过期，待验收" in sign_in(cast.grid).get(reverse("ledgers:of", args=[cast.forge.pk])).content.decode()
        or fresh(entry).is_over
    )
    with pytest.raises(Refused):
        close_permit(fresh(entry), "", by=cast.worker)
    stale = fresh(entry)
    close_permit(fresh(entry), "余火已灭", by=cast.worker)
    with pytest.raises(Refused):  # a second tap
        close_permit(stale, "余火已灭", by=cast.worker)
    assert fresh(entry).state == "closed" and remind_open_permits() == 0


def test_a_regulator_reads_but_does_not_sign(cast: Cast, hot_work: Template, sign_in: SignIn) -> None:
    entry = handed_in(cast, hot_work)
    for who in (cast.grid, cast.county):
        assert sign_in(who).get(reverse("ledgers:entry", args=[entry.pk])).status_code == 200
        assert (
            sign_in(who).post(reverse("ledgers:sign", args=[entry.pk]), {"step": turn(entry).pk, **SIGN}).status_code
            == 403
        )
        assert sign_in(who).post(reverse("ledgers:close", args=[entry.pk]), {"words": "x"}).status_code == 409
