"""Building templates, versions, XLSForm."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from anlan.accounts.models import User
from anlan.ledgers.actions.building import copy_template, open_draft, order_fields, publish_draft
from anlan.ledgers.actions.ready import install_ready_templates
from anlan.ledgers.comparing import compared
from anlan.ledgers.fields import problems
from anlan.ledgers.models import Template, TemplateVersion
from anlan.ledgers.tests.helpers import keys
from anlan.ledgers.xlsforms import read_xlsform, write_xlsform
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
HEAD = ["type", "name", "label", "required", "relevant", "constraint", "calculation", "appearance"]
SURVEY = [
    HEAD, ["begin group", "g1", "基本情况"], ["text", "a", "设备名称", "yes"], ["integer", "n", "数量", "yes", "", ". >= 1 and . < 20"], ["decimal", "p", "单价"],
    ["select_one yn", "ok", "是否完好"], ["select_multiple yn", "m", "多选", "", "${ok} = 'no'"], ["date", "d", "日期"], ["time", "t", "时间"], ["end group"],
    ["begin repeat", "r", "明细"], ["text", "rn", "名称"], ["decimal", "rm", "金额"], ["end repeat"],
    ["calculate", "tot", "合计", "", "", "", "${n} * ${p} + sum(${rm})"], ["image", "im", "照片"], ["image", "sg", "签名", "", "", "", "", "signature"], ["note", "nn", "说明"],
]  # fmt: skip
CHOICES = [["list_name", "name", "label"], ["yn", "yes", "是"], ["yn", "no", "否"]]


def workbook(survey: list[list[str]], choices: list[list[str]] = CHOICES) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, rows in (("survey", survey), ("choices", choices), ("settings", [["form_title"], ["设备台账"]])):
            sheet = book.add_worksheet(name)
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    sheet.write_string(y, x, cell)
    return file.getvalue()


def change(client: Client, template: Template, **data: str) -> int:
    draft = template.versions.get(published_at=None)
    return client.post(reverse("ledgers:change", args=[template.pk]), {"edits": draft.edits, **data}).status_code


def test_a_template_is_built_without_script_and_published(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.county)
    answer = client.post(
        reverse("ledgers:template-new"),
        {"name": "粉尘清扫", "category": "equipment", "rhythm": "month", "prefix": "fc"},
    )
    template = Template.objects.get(name="粉尘清扫")
    assert answer["Location"] == reverse("ledgers:build", args=[template.pk])
    assert (template.region_code, template.prefix) == ("410105", "FC")
    for kind in ("number", "calc", "table", "single"):
        assert change(client, template, add=kind) == 302
    draft = template.versions.get()
    assert [one["key"] for one in draft.fields] == ["f1", "f2", "f3", "f5"]
    page = client.get(reverse("ledgers:build", args=[template.pk])).content.decode()
    assert "公式第 1 个字符" in page and "手机上的样子" in page
    url = reverse("ledgers:field", args=[template.pk, "f2"])
    bad = client.post(url, {"edits": draft.edits, "label": "双倍", "formula": "[数字]*[没有]"})
    assert bad.status_code == 422 and "第 6 个字符" in bad.content.decode()
    client.post(url, {"edits": draft.edits, "label": "双倍", "formula": "[数字]*2"})
    assert change(client, template, up="f5") == 302
    draft.refresh_from_db()
    assert [one["key"] for one in draft.fields] == ["f1", "f2", "f5", "f3"] and draft.by_key("f2")[
        "formula"
    ] == "[f1]*2"
    client.post(reverse("ledgers:publish", args=[template.pk]), {"edits": draft.edits, "changed": "第一版"})
    template.refresh_from_db()
    assert template.current is not None and template.current.number == 1
    assert client.get(reverse("ledgers:template", args=[template.pk])).status_code == 200


def test_keys_are_never_given_again(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    open_draft(ledger, by=cast.manager)
    change(client, ledger, add="text")
    change(client, ledger, delete="f14")
    change(client, ledger, add="text")
    assert ledger.versions.get(published_at=None).fields[-1]["key"] == "f15"


def test_two_builders_do_not_overwrite_each_other(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    draft = open_draft(ledger, by=cast.manager)
    assert change(sign_in(cast.boss), ledger, add="text") == 302
    answer = sign_in(cast.manager).post(
        reverse("ledgers:change", args=[ledger.pk]), {"edits": draft.edits, "delete": "f1"}
    )
    assert answer.status_code == 409 and "这一步没有保存" in answer.content.decode()
    with pytest.raises(Refused):
        order_fields(ledger.versions.get(published_at=None), ["f1"], by=cast.manager, edits=1)


def test_a_published_version_never_changes(cast: Cast, ledger: Template) -> None:
    version = ledger.versions.get()
    with pytest.raises(Refused):
        order_fields(version, [one["key"] for one in reversed(version.fields)], by=cast.manager, edits=version.edits)
    assert TemplateVersion.objects.get(pk=version.pk).fields == version.fields


def test_who_may_change_whose_template(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    install_ready_templates()
    ready = Template.objects.get(code="ppe")
    assert sign_in(cast.county).get(reverse("ledgers:build", args=[ready.pk])).status_code == 403  # the platform's
    for outsider in (cast.other_boss, cast.other_county):
        assert sign_in(outsider).get(reverse("ledgers:template", args=[ledger.pk])).status_code == 404
    assert sign_in(cast.worker).get(reverse("ledgers:templates")).status_code == 403
    own = copy_template(ready, by=cast.county)
    assert sign_in(cast.manager).get(reverse("ledgers:template", args=[own.pk])).status_code == 200
    assert sign_in(cast.manager).get(reverse("ledgers:build", args=[own.pk])).status_code == 403
    assert sign_in(cast.grid).get(reverse("ledgers:templates")).status_code == 403


def test_every_ready_template_can_be_used_and_installs_once(cast: Cast) -> None:
    install_ready_templates()
    assert install_ready_templates() == 0
    ready = Template.objects.exclude(code="")
    assert ready.count() == 13
    for template in ready.select_related("current"):
        assert template.current is not None and problems(template.current.fields) == [] and template.sources


def test_a_changed_ready_template_keeps_the_keys_of_its_fields(cast: Cast) -> None:
    install_ready_templates()
    template = Template.objects.select_related("current").get(code="drills")
    before = keys(template)
    TemplateVersion.objects.filter(pk=template.current_id).update(
        fields=template.current.fields[1:]
    )  # as an older release had it
    assert install_ready_templates() == 1
    after = keys(Template.objects.select_related("current").get(code="drills"))
    assert {label: key for label, key in after.items() if label != "演练日期"} == {
        k: v for k, v in before.items() if k != "演练日期"
    }


def test_two_versions_are_compared_in_words(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    draft, client = open_draft(ledger, by=cast.manager), sign_in(cast.manager)
    change(client, ledger, delete="f3")
    change(client, ledger, add="photo")
    client.post(reverse("ledgers:field", args=[ledger.pk, "f1"]), {"edits": 2, "label": "器材名称", "required": "on"})
    draft.refresh_from_db()
    became = {row.label: row.became for row in compared(ledger.versions.get(number=1), draft)}
    assert (
        became["器材名称"] == "changed"
        and became["单价"] == "dropped"
        and became["照片 2"] == "added"
        and became["数量"] == "same"
    )
    page = client.get(reverse("ledgers:compare", args=[ledger.pk])).content.decode()
    assert "第 1 版到第 2 版" in page and "<ins>器材名称</ins>" in page
    answer = client.post(reverse("ledgers:publish", args=[ledger.pk]), {"edits": 3}, follow=True)
    assert "还不能发布" in answer.content.decode()  # the formula names the dropped field


def test_a_template_of_five_hundred_entries_is_retired_and_restored(
    cast: Cast, ledger: Template, sign_in: SignIn
) -> None:
    client = sign_in(cast.manager)
    client.post(reverse("ledgers:template-retire", args=[ledger.pk]))
    assert Template.objects.get(pk=ledger.pk).retired_at is not None
    client.post(reverse("ledgers:template-retire", args=[ledger.pk]), {"restore": "1"})
    assert Template.objects.get(pk=ledger.pk).retired_at is None


def test_the_chain_is_set_by_a_form(cast: Cast, ledger: Template, sign_in: SignIn) -> None:
    open_draft(ledger, by=cast.manager)
    client, url = sign_in(cast.manager), reverse("ledgers:chain", args=[ledger.pk])
    assert client.get(url).status_code == 200
    client.post(url, {"edits": 0, "step.0.name": "班长", "step.0.who": "person", "step.1.name": "厂长", "step.1.who": "head", "step.1.when": "否",
                      "hours": "8", "hours_field": "f5", "hours_by": "是：24\n否: 4\n坏", "chain_source": "本厂制度"})  # fmt: skip
    assert ledger.versions.get(published_at=None).permit == {
        "steps": [{"name": "班长", "who": "person"}, {"name": "厂长", "who": "head", "when": {"field": "f5", "op": "eq", "value": "否"}}],
        "hours": {"else": 8, "field": "f5", "by": {"是": 24, "否": 4}}, "source": "本厂制度",
    }  # fmt: skip


# --- XLSForm ---


def test_an_xlsform_is_mapped_whole() -> None:
    found = read_xlsform(io.BytesIO(workbook(SURVEY)), "eq.xlsx")
    assert found.title == "设备台账" and found.left_out == []
    assert [one["kind"] for one in found.fields] == [
        "section", "text", "number", "number", "single", "multiple", "date", "time", "table", "calc", "photo", "signature", "note",
    ]  # fmt: skip
    by = {one["label"]: one for one in found.fields}
    assert by["数量"]["min"] == "1" and by["数量"]["max"] == "19" and by["数量"]["required"]
    assert by["多选"]["show"] == {"field": by["是否完好"]["key"], "op": "eq", "value": "否"}
    assert (
        by["合计"]["formula"]
        == f"[{by['数量']['key']}] * [{by['单价']['key']}] + sum([{by['明细']['key']}.{by['明细']['columns'][1]['key']}])"
    )
    assert problems(found.fields) == []


def test_what_has_no_counterpart_is_listed() -> None:
    odd = [HEAD, ["text", "a", "名称"], ["geopoint", "g", "位置"], ["decimal", "p", "价", "", "", ". > 0"], ["text", "b", "乙", "", "${a} = 'x' or ${p} > 3"],
           ["calculate", "c", "算", "", "", "", "if(${p} > 1, 2, 3)"], ["begin repeat", "r", "组"], ["image", "ri", "图"], ["text", "rt", "文"], ["end repeat"]]  # fmt: skip
    found = read_xlsform(io.BytesIO(workbook(odd)), "x.xlsx")
    words = "\n".join(found.left_out)
    assert len(found.left_out) == 5 and all(
        each in words for each in ("geopoint", ". > 0", "“乙”的显示条件", "计算“算”", "“图”")
    )
    assert [one["label"] for one in found.fields] == ["名称", "价", "乙", "组"]


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04 broken", b"type,name\n", workbook([["a"], ["b"]]), workbook([HEAD, ["text", "a b", "x"]])],
)
def test_what_is_no_xlsform_creates_nothing(cast: Cast, sign_in: SignIn, data: bytes) -> None:
    answer = sign_in(cast.county).post(reverse("ledgers:import"), {"file": SimpleUploadedFile("x.xlsx", data or b" ")})
    assert answer.status_code == 422 and not Template.objects.filter(code="").exists()


def test_import_shows_a_preview_then_creates_a_draft(cast: Cast, sign_in: SignIn) -> None:
    client, url = sign_in(cast.county), reverse("ledgers:import")
    page = client.post(url, {"file": SimpleUploadedFile("eq.xlsx", workbook(SURVEY))})
    assert "读到 13 个字段" in page.content.decode() and not Template.objects.filter(code="").exists()
    blob = page.context["blob"]
    assert sign_in(cast.other_county).post(url, {"create": "1", "blob": str(blob.uid)}).status_code == 404
    client.post(url, {"create": "1", "blob": str(blob.uid), "name": "导入的台账"})
    draft = Template.objects.get(name="导入的台账").versions.get()
    assert draft.source == "xlsform" and draft.published_at is None
    publish_draft(draft, by=cast.county, edits=0)


def test_every_ready_template_survives_xlsform_and_back(cast: Cast) -> None:
    install_ready_templates()
    for template in Template.objects.exclude(code="").select_related("current"):
        file = io.BytesIO()
        write_xlsform(template.current, file)
        file.seek(0)
        back = read_xlsform(file, "x.xlsx")
        want = [one["kind"] if one["kind"] != "person" else "text" for one in template.current.fields]
        assert [one["kind"] for one in back.fields] == want, template.code
