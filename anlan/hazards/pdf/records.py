"""The record of an inspection and a blank checklist as PDFs: typst with the Chinese fonts."""

from __future__ import annotations

import json
import shutil
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import segno
import typst
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from anlan.files.actions import open_blob
from anlan.files.models import Blob
from anlan.hazards.models import ChecklistVersion, Inspection
from anlan.hazards.visits import rows_in, sheet

HERE: Final = Path(__file__).parent
MARKS: Final = {"ok": "✓", "fail": "×", "na": "—"}
MOST_PHOTOS: Final = 40


def record_pdf(inspection: Inspection, address: str) -> bytes:
    """Every item with its answer, photos, signatures, position; `address` goes into the QR code."""
    lists, files = sheet(inspection), dict[str, bytes]()
    texts = {row.item["key"]: row.item["text"] for row in rows_in(lists)}
    photos = []
    for n, photo in enumerate(inspection.photos.select_related("shown").order_by("pk")[:MOST_PHOTOS]):
        files[f"photo{n}.jpg"] = _bytes(photo.shown)
        when = _moment(photo.taken_at or photo.at)
        photos.append({"file": f"photo{n}.jpg", "says": f"{photo.caption or texts.get(photo.item, _('现场'))}　{when}"})
    facts: dict[str, Any] = {
        "heading": _("安全检查记录"), "title": f"{inspection.enterprise} · {inspection.get_kind_display()}",
        "firm": str(inspection.enterprise), "qr_says": _("扫码核对电子记录"), "rows": _heads(inspection), "photos": photos,
        "lists": [
            {
                "name": f"{version.checklist.name} {_('第 %(n)d 版') % {'n': version.number}}",
                "items": [_item(row) for row in rows_in([(version, groups)])],
            }
            for version, groups in lists
        ],
        "hazards": [
            [hazard.number, hazard.title, hazard.get_grade_display(), f"{hazard.deadline or ''}"]
            for hazard in inspection.hazards.exclude(state="void").order_by("pk")
        ],
        "says": {
            "item": _("检查内容"), "answer": _("结果"), "cite": _("依据"), "note": _("说明"), "hazards": _("登记的隐患"), "photos": _("照片"),
            "words": _("检查意见"), "none": _("没有登记隐患。"), "number": _("编号"), "title": _("隐患"), "grade": _("等级"), "deadline": _("整改期限"),
        },
        "words": inspection.words, "signs": _signs(inspection, files), "footer": _("本记录由平台生成，修改留痕"),
    }  # fmt: skip
    segno.make(address, error="m", micro=False).save((qr := BytesIO()), kind="svg", border=0, dark="#17262b")
    files["qr.svg"] = qr.getvalue()
    return _compile("record.typ", facts, files)


def checklist_pdf(version: ChecklistVersion) -> bytes:
    """A checklist to print and fill by hand."""
    facts = {
        "heading": version.checklist.name, "place": version.checklist.place,
        "number": _("第 %(n)d 版") % {"n": version.number},
        "items": [
            {"n": n, "group": item["group"], "text": item["text"], "how": item["how"], "cite": item["cite"], "major": item["major"]}
            for n, item in enumerate(version.items, 1)
        ],
        "says": {
            "item": _("检查内容"), "ok": _("符合"), "fail": _("不符合"), "na": _("不涉及"), "note": _("情况"), "major": _("重大隐患："),
            "firm": _("企业"), "day": _("日期"), "officer": _("检查人"), "company": _("企业人员"),
        },
    }  # fmt: skip
    return _compile("checklist.typ", facts, {})


def _item(row: Any) -> dict[str, Any]:
    found = row.finding
    return {
        "n": row.number, "group": row.item["group"], "text": row.item["text"], "cite": row.item["cite"],
        "mark": MARKS[found.result] if found else "", "answer": found.get_result_display() if found else _("未查"),
        "note": found.note if found else "", "bad": bool(found and found.result == "fail"),
    }  # fmt: skip


def _heads(inspection: Inspection) -> list[list[str]]:
    place = inspection.no_position or _("没有记录")
    if inspection.latitude is not None and inspection.longitude is not None:
        place = f"{inspection.latitude:.5f}, {inspection.longitude:.5f}"
        if inspection.accuracy is not None:
            place += _("（误差 %(n)d 米）") % {"n": round(inspection.accuracy)}
    return [
        [_("企业"), str(inspection.enterprise)],
        [_("地址"), inspection.enterprise.address or "—"],
        [_("检查性质"), str(inspection.get_kind_display())],
        [_("检查人"), inspection.inspector.name if inspection.inspector else "—"],
        [_("企业陪同"), inspection.accompanied_by or "—"],
        [_("开始"), _moment(inspection.started_at)],
        [_("完成"), _moment(inspection.done_at)],
        [_("位置"), place],
    ]


def _signs(inspection: Inspection, files: dict[str, bytes]) -> list[dict[str, str]]:
    found = []
    for label, blob, name, file in (
        (_("检查人"), inspection.signature, inspection.signed_as, "officer.png"),
        (_("企业人员"), inspection.firm_signature, inspection.firm_signed_as, "firm.png"),
    ):
        if blob is not None:
            files[file] = _bytes(blob)
        unsigned = (
            _("未签字：%(why)s") % {"why": inspection.unsigned_because} if inspection.unsigned_because else _("未签字")
        )
        found.append({"label": label, "name": name or unsigned, "file": file if blob is not None else ""})
    return found


def _moment(value: Any) -> str:
    return date_format(timezone.localtime(value), "Y-m-d H:i") if value else "—"


def _bytes(blob: Blob) -> bytes:
    with open_blob(blob) as file:
        return bytes(file.read())


def _compile(template: str, facts: dict[str, Any], files: dict[str, bytes]) -> bytes:
    """Nothing of the machine but the font folder is read."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copy(HERE / template, root / template)
        (root / "facts.json").write_text(json.dumps(facts, ensure_ascii=False, default=str), encoding="utf-8")
        for name, content in files.items():
            (root / name).write_bytes(content)
        fonts = [str(settings.WEB_DIST / "fonts")]
        return bytes(typst.compile(str(root / template), root=folder, font_paths=fonts, format="pdf"))
