"""The registration extract: what is recognised, asked, refused, written with its source, resumed and taken back."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import Organisation, Region, User
from anlan.enterprises.actions.extract_undoing import revert_extract
from anlan.enterprises.actions.extracting import check_extract, import_extract
from anlan.enterprises.actions.extracts import (
    answer_extract,
    map_extract,
    resume_extract,
    start_extract,
    undo_extract,
    upload_extract,
)
from anlan.enterprises.extract_making import HEAD, clean_rows, dirty_rows, firm_row
from anlan.enterprises.models import Enterprise, Extract, ExtractChange, FileValue, Placement
from anlan.lib.codes import demo_credit_code
from anlan.lib.errors import Refused
from anlan.lib.xlsx import write_rows
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

TOWN, OTHER = "410105018", "410105019"


def brought(rows: Sequence[Sequence[object]], by: User, name: str = "名录.xlsx") -> Extract:
    file = io.BytesIO()
    write_rows(file, {"名录": rows})
    file.seek(0)
    extract = upload_extract(file, name, by=by)
    check_extract(extract.pk)
    extract.refresh_from_db()
    return extract


def imported(extract: Extract, by: User) -> Extract:
    start_extract(extract, by=by)
    import_extract(extract.pk)
    extract.refresh_from_db()
    return extract


def row(name: str, code: str = "", town: str = "杨金路街道", **more: object) -> list[object]:
    given = (
        dict(zip(HEAD, firm_row(1), strict=True))
        | {"统一社会信用代码": code, "主体名称": name, "乡镇街道": town}
        | more
    )
    return list(given.values())


def firm(name: str) -> Enterprise:
    return Enterprise.objects.select_related("organisation").get(organisation__name=name)


def reasons(extract: Extract) -> list[str]:
    return list(extract.problems.order_by("row").values_list("reason", flat=True))


def test_new_firms_are_made_and_every_value_keeps_its_source(cast: Cast) -> None:
    extract = brought(list(clean_rows(4)), cast.county)
    assert (extract.state, extract.created, extract.refused) == ("read", 4, 0)
    imported(extract, cast.county)
    made = Enterprise.objects.get(organisation__credit_code=firm_row(1)[0])
    assert (made.organisation.region_code, made.industry, made.registered_by) == (OTHER, "C3484", "演示市场监督管理局")
    assert made.region_code == OTHER
    said = FileValue.objects.get(enterprise=made, field="legal_person")
    assert (said.value, said.source, said.said_by) == (made.legal_person, "extract", cast.county)
    assert "*" in FileValue.objects.get(enterprise=made, field="contact_phone").value
    assert Notice.objects.filter(user=cast.county, kind="extract").count() == 1


def test_bringing_the_same_file_again_changes_nothing(cast: Cast) -> None:
    imported(brought(list(clean_rows(3)), cast.county), cast.county)
    before = FileValue.objects.count()
    again = imported(brought(list(clean_rows(3)), cast.county), cast.county)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    assert FileValue.objects.count() == before


def test_only_changed_fields_are_said_and_blank_cells_erase_nothing(cast: Cast) -> None:
    imported(brought(list(clean_rows(1)), cast.county), cast.county)
    changed = firm_row(0)
    changed[2], changed[6] = "新负责", ""
    before = FileValue.objects.count()
    extract = imported(brought([HEAD, changed], cast.county), cast.county)
    made = Enterprise.objects.get(organisation__credit_code=changed[0])
    assert (made.legal_person, bool(made.contact_phone), extract.updated) == ("新负责", True, 1)
    assert FileValue.objects.count() == before + 1


def test_a_csv_in_gb18030_with_other_headings_is_read(cast: Cast) -> None:
    code = demo_credit_code("410105", 777)
    text = f"市场主体名称,社会信用代码,负责人,所属街道,行业门类,职工人数\n演示鞋厂,{code},王五,杨金路街道,制造业,12人\n"
    extract = upload_extract(io.BytesIO(text.encode("gb18030")), "名录.csv", by=cast.county)
    check_extract(extract.pk)
    extract.refresh_from_db()
    imported(extract, cast.county)
    made = firm("演示鞋厂")
    assert (made.industry, made.headcount, made.legal_person) == ("C", 12, "王五")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (row("坏码厂", "91990000000000000X"), "统一社会信用代码"),
        (row(""), "没有企业名称"),
        (row("没有这个镇厂", town="未知镇"), "最接近的是"),
        (row("区划没了厂", town="410105999"), "没有区划代码 410105999"),
        (row("别的县厂", town="410102001"), "不在您的辖区"),
        (row("不知道在哪厂", town="", 住所="某路 3 号"), "不知道归哪里管"),
        (row("关了的厂", 经营状态="注销"), "没有新建"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(cast: Cast, given: list[object], words: str) -> None:
    extract = brought([HEAD, given], cast.county)
    assert extract.refused == 1
    assert words in reasons(extract)[0]


def test_a_closed_town_is_refused_with_the_nearest_names(cast: Cast) -> None:
    Region.objects.create(
        pk="410105099", name="杨金路旧街道", full_name="河南省郑州市金水区杨金路旧街道", level=4, parent_id="410105",
        closed_on=timezone.localdate(),
    )  # fmt: skip
    extract = brought([HEAD, row("旧镇厂", town="410105099")], cast.county)
    assert "已经撤销" in reasons(extract)[0]
    assert "杨金路街道" in reasons(extract)[0]


def test_a_firm_registered_elsewhere_is_refused_without_naming_it(cast: Cast) -> None:
    extract = brought([HEAD, row("冒名厂", cast.luoyang.credit_code)], cast.county)
    assert reasons(extract) == ["这个信用代码已经登记在别的地区，要由那里移交"]


def test_repeats_in_the_file_are_taken_once(cast: Cast) -> None:
    code = demo_credit_code("410105", 778)
    rows = [HEAD, row("甲厂", code), row("甲厂改名", code.lower()), row("乙厂"), row("乙 厂")]
    extract = brought(rows, cast.county)
    assert (extract.created, extract.refused) == (2, 2)
    assert "第 2 行" in reasons(extract)[0]


def test_a_firm_without_code_is_asked_about_and_never_merged_silently(cast: Cast) -> None:
    name = cast.forge.name
    extract = brought([HEAD, row(f" {name} ", 法定代表人="赵六")], cast.county)
    problem = extract.problems.get()
    assert (problem.refused, problem.candidate_id) == (True, cast.forge.pk)
    answer_extract(extract, {problem.row: "same"}, moves=False, closes=False, by=cast.county)
    check_extract(extract.pk)
    extract.refresh_from_db()
    assert (extract.updated, extract.refused) == (1, 0)
    imported(extract, cast.county)
    assert cast.enterprise("forge").legal_person == "吴建国"  # the object in hand is old
    assert firm(name).legal_person == "赵六"


def test_the_answer_another_firm_makes_a_second_one(cast: Cast) -> None:
    extract = brought([HEAD, row(cast.forge.name)], cast.county)
    answer_extract(extract, {}, rest="new", moves=False, closes=False, by=cast.county)
    check_extract(extract.pk)
    extract.refresh_from_db()
    imported(extract, cast.county)
    assert Organisation.objects.filter(name=cast.forge.name).count() == 2


def test_a_code_for_a_firm_without_one_is_asked_first(cast: Cast) -> None:
    Organisation.objects.filter(pk=cast.forge.pk).update(credit_code=None)
    code = demo_credit_code("410105", 779)
    extract = brought([HEAD, row(cast.forge.name, code)], cast.county)
    answer_extract(extract, {extract.problems.get().row: "same"}, moves=False, closes=False, by=cast.county)
    check_extract(extract.pk)
    extract.refresh_from_db()
    imported(extract, cast.county)
    assert Organisation.objects.get(pk=cast.forge.pk).credit_code == code


def test_a_firm_in_another_town_moves_only_when_ticked(cast: Cast) -> None:
    rows = [HEAD, row(cast.forge.name, cast.forge.credit_code, "丰庆路街道")]
    extract = imported(brought(rows, cast.county), cast.county)
    assert Organisation.objects.get(pk=cast.forge.pk).region_code == "410105018G07"
    assert "没有移动" in reasons(extract)[0]
    extract = brought(rows, cast.county)
    assert extract.moved == 1
    answer_extract(extract, {}, moves=True, closes=False, by=cast.county)
    check_extract(extract.pk)
    extract.refresh_from_db()
    imported(extract, cast.county)
    assert Organisation.objects.get(pk=cast.forge.pk).region_code == OTHER
    assert Placement.objects.get(enterprise=cast.forge.pk, until=None).because == "按工商登记名录移动"


def test_its_own_town_is_no_move_for_a_firm_in_a_grid(cast: Cast) -> None:
    extract = brought([HEAD, row(cast.forge.name, cast.forge.credit_code, "杨金路街道")], cast.county)
    assert extract.moved == 0


def test_a_deregistered_firm_is_closed_only_when_ticked_and_never_deleted(cast: Cast) -> None:
    rows = [HEAD, row(cast.forge.name, cast.forge.credit_code, 经营状态="吊销，未注销")]
    imported(brought(rows, cast.county), cast.county)
    assert firm(cast.forge.name).status == "active"
    extract = brought(rows, cast.county)
    answer_extract(extract, {}, moves=False, closes=True, by=cast.county)
    check_extract(extract.pk)
    extract.refresh_from_db()
    imported(extract, cast.county)
    assert firm(cast.forge.name).status == "closed"
    undo_extract(extract, by=cast.county)
    revert_extract(extract.pk)
    assert firm(cast.forge.name).status == "active"


def test_two_at_once_the_second_is_told_who_began(cast: Cast) -> None:
    one, two = brought(list(clean_rows(2)), cast.county), brought(list(clean_rows(2)), cast.town)
    start_extract(one, by=cast.county)
    with pytest.raises(Refused, match="陈立"):
        start_extract(two, by=cast.town)
    import_extract(one.pk)
    start_extract(two, by=cast.town)


def test_an_import_that_died_goes_on_where_it_stopped(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from anlan.enterprises.actions import extracting

    monkeypatch.setattr(extracting, "BATCH", 2)
    extract = brought(list(clean_rows(5)), cast.county)
    start_extract(extract, by=cast.county)
    write, calls = extracting._write, []

    def breaks(*args: Any) -> bool:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return write(*args)

    monkeypatch.setattr(extracting, "_write", breaks)
    with pytest.raises(RuntimeError):
        import_extract(extract.pk)
    extract.refresh_from_db()
    assert (extract.state, extract.rows_done, extract.created) == ("failed", 2, 2)
    resume_extract(extract, by=cast.county)
    import_extract(extract.pk)
    extract.refresh_from_db()
    assert (extract.state, extract.created) == ("done", 5)
    assert ExtractChange.objects.filter(extract=extract).count() == 5


def test_undo_removes_new_firms_restores_values_and_keeps_what_was_used(cast: Cast) -> None:
    rows = [*clean_rows(3), row(cast.forge.name, cast.forge.credit_code, 法定代表人="别人")]
    extract = imported(brought(rows, cast.county), cast.county)
    used = Enterprise.objects.get(organisation__credit_code=firm_row(0)[0])
    used.permits.create(name="排污许可证")
    undo_extract(extract, by=cast.county)
    revert_extract(extract.pk)
    extract.refresh_from_db()
    assert (extract.state, extract.kept) == ("undone", 1)
    assert list(Enterprise.objects.filter(organisation__credit_code__in=[firm_row(n)[0] for n in range(3)])) == [used]
    assert firm(cast.forge.name).legal_person == "吴建国"


def test_dirty_rows_come_back_as_a_file_to_correct_and_send_again(cast: Cast) -> None:
    from anlan.files.actions import open_blob
    from anlan.lib.xlsx import read_rows

    extract = imported(brought(list(dirty_rows(100)), cast.county), cast.county)
    assert extract.created + extract.refused == extract.rows
    assert extract.errors_file is not None
    with open_blob(extract.errors_file) as content:
        table = list(read_rows(content, "a.xlsx"))  # type: ignore[arg-type]
    assert len(table) == 1 + extract.refused
    assert table[0][-1] == "原因"
    again = brought(table, cast.county)
    assert again.columns.keys() == extract.columns.keys()


def test_columns_can_be_corrected(cast: Cast) -> None:
    extract = brought([["甲", "乙"], ["某某厂", "杨金路街道"]], cast.county)
    assert extract.columns == {}
    with pytest.raises(Refused, match="企业名称"):
        map_extract(extract, {"region": 1}, header_row=1, by=cast.county)
    map_extract(extract, {"name": 0, "region": 1}, header_row=1, by=cast.county)
    check_extract(extract.pk)
    extract.refresh_from_db()
    assert extract.created == 1


@pytest.mark.parametrize("who", ["grid", "boss", "agency", "province"])
def test_others_bring_no_extract(cast: Cast, who: str) -> None:
    with pytest.raises(Refused) as refused:
        brought(list(clean_rows(1)), getattr(cast, who))
    assert refused.value.status == 403


def test_pages_lead_from_upload_to_the_finished_import(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(cast.county)
    assert "还没有导入过" in client.get("/enterprises/extracts/").content.decode()
    file = io.BytesIO()
    write_rows(file, {"名录": list(dirty_rows(60))})
    file.seek(0)
    file.name = "名录.xlsx"
    answer = client.post("/enterprises/extracts/", {"file": file})
    extract = Extract.objects.get()
    assert answer.headers["Location"] == f"/enterprises/extracts/{extract.pk}/"
    assert "轮到您：确认" in client.get(f"/enterprises/extracts/{extract.pk}/").content.decode()
    client.post(f"/enterprises/extracts/{extract.pk}/start/")
    import_extract(extract.pk)
    page = client.get(f"/enterprises/extracts/{extract.pk}/").content.decode()
    assert "导入完成" in page
    assert client.get(f"/enterprises/extracts/{extract.pk}/file/errors.xlsx").status_code == 200
    assert client.post(f"/enterprises/extracts/{extract.pk}/start/").status_code == 409  # a second tap
    assert sign_in(cast.other_county).get(f"/enterprises/extracts/{extract.pk}/").status_code == 404
    assert sign_in(cast.grid).get("/enterprises/extracts/").status_code == 404
