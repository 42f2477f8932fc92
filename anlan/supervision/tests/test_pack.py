"""The inspection pack: everything in one zip with an index, only for who asked, harmless to repeat."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.audit.models import Record
from anlan.enterprises.models import Enterprise, Mandate
from anlan.files.actions import open_blob
from anlan.hazards.tests.making import cured
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.policy import lay_policy
from anlan.supervision.pack.making import safe, start_pack, write_pack
from anlan.supervision.pack.models import Pack
from anlan.supervision.tasks import requeue_dead_packs

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def names_in(pack: Pack) -> list[str]:
    pack.refresh_from_db()
    assert pack.file is not None
    with open_blob(pack.file) as file:
        return zipfile.ZipFile(io.BytesIO(file.read())).namelist()


def this_year() -> tuple[date, date]:
    today = timezone.localdate()
    return date(today.year, 1, 1), today


def test_the_pack_holds_every_part_and_an_index(cast: Cast) -> None:
    lay_policy(cast)
    hazard = cured(cast)
    pack = start_pack(cast.enterprise("forge"), *this_year(), by=cast.manager)
    write_pack(pack.pk)
    names = names_in(pack)
    assert names[-1] == "0 目录.pdf"
    for wanted in (
        "1 企业档案/档案.xlsx",
        "2 一企一策/风险等级.xlsx",
        "2 一企一策/风险告知卡.pdf",
        "3 隐患治理/隐患清单.xlsx",
        "7 教育培训/培训档案.xlsx",
    ):
        assert wanted in names
    assert any(name.startswith(f"3 隐患治理/{hazard.number}/") for name in names)
    assert len(names) == len(set(names)) == pack.files
    assert Notice.objects.filter(key=f"pack:{pack.pk}", user=cast.manager).count() == 1
    write_pack(pack.pk)  # once more does nothing
    assert Notice.objects.filter(key=f"pack:{pack.pk}").count() == 1
    assert Record.objects.filter(verb="make_safety_pack").count() == 1


def test_only_the_firm_and_its_regulators_ask_and_only_the_asker_fetches(cast: Cast, sign_in: SignIn) -> None:
    firm = cast.enterprise("forge")
    page = reverse("supervision:pack", args=[firm.pk])
    Mandate.objects.create(enterprise=firm, organisation=cast.anhe, kind="contract", since=date(2026, 1, 1))
    for outsider in (cast.other_boss, cast.other_county, cast.other_grid, cast.worker, cast.engineer):
        assert sign_in(outsider).get(page).status_code == 404
    client = sign_in(cast.grid)
    assert client.get(page).status_code == 200
    since, until = this_year()
    assert client.post(page, {"since": until, "until": since}).status_code in (422, 302)
    Pack.objects.all().delete()
    answer = client.post(page, {"since": since.isoformat(), "until": until.isoformat()})
    pack = Pack.objects.get()
    assert answer.url == reverse("supervision:pack-made", args=[pack.pk])  # type: ignore[attr-defined]
    write_pack(pack.pk)
    file = reverse("supervision:pack-file", args=[pack.pk])
    assert client.get(file).status_code == 200
    for other in (cast.manager, cast.town, cast.other_grid):
        assert sign_in(other).get(file).status_code == 404
        assert sign_in(other).get(reverse("supervision:pack-made", args=[pack.pk])).status_code == 404


def test_impossible_periods_and_a_second_pack_at_once_are_refused(cast: Cast) -> None:
    firm = cast.enterprise("forge")
    with pytest.raises(Refused, match="三年"):
        start_pack(firm, date(2020, 1, 1), date(2026, 1, 1), by=cast.manager)
    with pytest.raises(Refused, match="三年"):
        start_pack(firm, date(2026, 2, 1), date(2026, 1, 1), by=cast.manager)
    start_pack(firm, *YEAR, by=cast.manager)
    with pytest.raises(Refused, match="还没有完成"):
        start_pack(firm, *YEAR, by=cast.manager)


def test_a_silent_pack_is_taken_up_again_and_a_lost_firm_is_not_packed(cast: Cast) -> None:
    pack = start_pack(cast.enterprise("forge"), *YEAR, by=cast.grid)
    assert requeue_dead_packs() == 0
    Pack.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    cast.forge.region_code = "410303001"
    cast.forge.save()
    Enterprise.objects.filter(pk=cast.forge.pk).update(region_code="410303001")
    assert requeue_dead_packs() == 1
    write_pack(pack.pk)
    pack.refresh_from_db()
    assert pack.state == Pack.State.FAILED
    assert not Pack.objects.visible_to(cast.grid).exists()


def test_names_inside_cannot_leave_the_folder() -> None:
    assert safe("../../etc/passwd") == "_.._etc_passwd"
    assert safe("...") == "_"
