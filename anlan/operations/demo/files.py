"""Demo: files of firms as several people filled them, some of it doubted, some permits near their end. All invented."""

import io
from datetime import date, timedelta
from typing import Any, Final

from django.utils import timezone
from PIL import Image, ImageDraw

from anlan.accounts.models import User
from anlan.enterprises.actions.saying import say
from anlan.enterprises.file_fields import verify_again
from anlan.enterprises.models import (
    Chemical,
    CustomField,
    Enterprise,
    Equipment,
    FileValue,
    FirmPhoto,
    FirmTag,
    Permit,
    Spending,
)
from anlan.enterprises.sizes import size_of
from anlan.files.pictures import keep_picture
from anlan.operations.demo.cast import Cast

PAPER, WALL, INK, WATER, IRON = "#f6f5f1", "#dcd8cc", "#435257", "#0d6370", "#9aa3a5"
SPENT: Final = (
    # purpose, budget (yuan), [(month, yuan, note), …]
    ("training", 12000, [(2, 3600.00, "全员年度安全培训"), (6, 2480.50, "特种作业复训")]),
    ("protection", 20000, [(1, 8640.00, "劳保鞋、护目镜"), (7, 7350.00, "防噪耳塞、手套")]),
    ("equipment", 45000, [(3, 31200.00, "冲床光电保护装置"), (9, 18600.00, "行车限位器更换")]),
    ("drill", 3000, [(5, 1260.00, "灭火器换粉")]),
)


def lay_files(cast: Cast) -> None:
    """Fill the files. Safe to run again: what is there stays."""
    _fields()
    forge = cast.enterprise("forge")
    if FileValue.objects.filter(enterprise=forge).exists():
        return
    _forge(cast, forge)
    _partly(cast)


def _fields() -> None:
    for n, (code, label, kind, choices, hint) in enumerate(
        (
            ("fdemo0001", "是否三合一场所", "yes", [], "生产、仓储、住宿在同一栋楼"),
            ("fdemo0002", "用气方式", "choice", ["管道天然气", "瓶装液化气", "不用气"], ""),
        ),
        start=1,
    ):
        CustomField.objects.get_or_create(
            code=code,
            defaults={
                "label": label, "kind": kind, "choices": choices, "hint": hint, "required": n == 1, "region_code": "410105", "position": n,
            },
        )  # fmt: skip


def _said(firm: Enterprise, values: dict[str, Any], by: User, days: int) -> None:
    """Write values as somebody said them so many days ago; what is derived follows."""
    own = {name: value for name, value in values.items() if not name.startswith("custom.")}
    custom = {name.removeprefix("custom."): value for name, value in values.items() if name.startswith("custom.")}
    for name, value in own.items():
        setattr(firm, name, value)
    firm.custom = {**firm.custom, **custom}
    firm.size = size_of(firm.industry, firm.headcount, firm.revenue).key
    firm.updated_by = by
    firm.save()
    by.post = by.open_posts[0]
    say(firm, values, by=by, at=timezone.now() - timedelta(days=days))


def _forge(cast: Cast, forge: Enterprise) -> None:
    today = timezone.localdate()
    _said(
        forge,
        {
            "legal_person": "吴建国", "registered_address": "郑州市金水区杨金路街道演示路 7 号", "products": "锻件、法兰、齿轮毛坯",
            "industry": "C3391", "headcount": 42, "revenue": 3860,
        },
        cast.boss, 96,
    )  # fmt: skip
    _said(
        forge,
        {"address": "演示路 7 号 3 号车间", "latitude": 34.8291, "longitude": 113.7204, "floor_area": 2600, "exits": 4, "has_dormitory": False},
        cast.grid, 40,
    )  # fmt: skip
    _said(
        forge,
        {
            "has_chemicals": True, "has_special_equipment": True, "has_special_operations": True, "special_operations": "动火、吊装",
            "has_dust": False, "has_confined_space": True,
        },
        cast.engineer, 21,
    )  # fmt: skip
    _said(
        forge,
        {"meter_number": "0371-演示-20931", "custom.fdemo0001": False, "custom.fdemo0002": "管道天然气"},
        cast.manager,
        6,
    )
    FileValue.objects.filter(
        enterprise=forge, source="enterprise", said_at__lt=timezone.now() - timedelta(days=30)
    ).update(verified_by=cast.grid, verified_at=timezone.now() - timedelta(days=40))
    FileValue.objects.filter(enterprise=forge, field="headcount").update(
        verified_by=None, verified_at=None, doubt="现场清点在岗 51 人，和填的 42 人对不上"
    )
    seen = today - timedelta(days=40)
    Enterprise.objects.filter(pk=forge.pk).update(
        verified_at=timezone.now() - timedelta(days=40),
        verified_by=cast.grid,
        verify_by=verify_again(forge.risk, seen),
        standard="3",
    )
    for name, number, issuer, days in (
        ("特种设备使用登记证", "车 11 豫演示 0417", "金水区市场监管局（演示）", 20),
        ("排污许可证", "演示-410105-0093", "金水区生态环境分局（演示）", -9),
    ):
        Permit.objects.get_or_create(
            enterprise=forge, number=number,
            defaults={"name": name, "issued_by": issuer, "until": today + timedelta(days=days), "valid_from": date(2021, 5, 6), "said_by": cast.manager},
        )  # fmt: skip
    for name, cas, most, where in (
        ("异丙醇", "67-63-0", "0.150", "清洗间防爆柜"), ("氧气", "7782-44-7", "0.080", "气瓶间"), ("乙炔", "74-86-2", "0.040", "气瓶间"),
    ):  # fmt: skip
        Chemical.objects.create(enterprise=forge, name=name, cas=cas, most=most, place=where, said_by=cast.engineer)
    for kind, name, number, days in (
        ("crane", "10 吨桥式起重机", "起 40 豫演示 0023", 118), ("vehicle", "3 吨叉车", "车 11 豫演示 0417", 34),
        ("vessel", "空压机储气罐", "容 17 豫演示 1180", -12),
    ):  # fmt: skip
        Equipment.objects.create(
            enterprise=forge,
            kind=kind,
            name=name,
            number=number,
            inspect_by=today + timedelta(days=days),
            said_by=cast.engineer,
        )
    for name in ("锻压", "有行车"):
        FirmTag.objects.get_or_create(name=name, region_code="410105")[0].enterprises.add(forge)
    for caption, draw in (("企业大门", _gate), ("3 号车间", _hall), ("配电柜", _cabinet)):
        picture = keep_picture(draw(), f"{caption}.jpg", ("enterprise", str(forge.pk)), cast.grid.pk)
        FirmPhoto.objects.create(
            enterprise=forge,
            blob=picture.shown,
            original=picture.original,
            caption=caption,
            taken_by=cast.grid,
            latitude=34.8291,
            longitude=113.7204,
        )
    _money(cast, forge, today)


def _money(cast: Cast, firm: Enterprise, today: date) -> None:
    for back in (1, 0):
        year, share = today.year - back, 1 if back == 0 else 0.8
        for purpose, budget, invoices in SPENT:
            Spending.objects.create(
                enterprise=firm,
                year=year,
                kind="budget",
                purpose=purpose,
                fen=round(budget * share) * 100,
                by=cast.boss,
            )
            for n, (month, yuan, note) in enumerate(invoices):
                day = date(year, month, 11 + n)
                if day <= today:
                    Spending.objects.create(
                        enterprise=firm, year=year, kind="invoice", purpose=purpose, fen=round(yuan * share * 100), on=day, note=note,
                        invoice_number=f"演示{year}{purpose[:2].upper()}{n + 1:04d}", by=cast.manager,
                    )  # fmt: skip


def _partly(cast: Cast) -> None:
    """Two files with gaps: one long not looked at, one never."""
    today = timezone.localdate()
    bakery = cast.enterprise("bakery")
    _said(bakery, {"floor_area": 1850, "exits": 3, "has_dust": True, "has_chemicals": False}, cast.other_boss, 200)
    Enterprise.objects.filter(pk=bakery.pk).update(
        verified_at=timezone.now() - timedelta(days=230), verified_by=cast.county, verify_by=today - timedelta(days=46)
    )
    _said(cast.enterprise("luoyang"), {"has_dust": True, "products": "实木家具、门板"}, cast.far_worker, 12)


def _sheet(ground: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (1200, 900), PAPER)
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((0, 640, 1200, 900), fill=ground)
    return image, drawing


def _jpeg(image: Image.Image) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    file.seek(0)
    return file


def _gate() -> io.BytesIO:
    image, d = _sheet(WALL)
    d.rectangle((120, 320, 1080, 660), fill=WALL)
    d.rectangle((420, 400, 780, 660), fill=IRON)
    for x in range(440, 780, 40):
        d.line((x, 410, x, 655), fill=INK, width=8)
    d.rectangle((360, 250, 840, 330), fill=WATER)
    return _jpeg(image)


def _hall() -> io.BytesIO:
    image, d = _sheet("#cfcbc0")
    d.polygon([(0, 260), (600, 90), (1200, 260), (1200, 640), (0, 640)], fill=WALL)
    d.rectangle((0, 300, 1200, 330), fill=INK)
    for x in (160, 520, 880):
        d.rectangle((x, 430, x + 180, 720), fill=IRON)
        d.rectangle((x + 60, 360, x + 120, 430), fill=INK)
    d.line((0, 800, 1200, 800), fill="#d9b94a", width=14)
    return _jpeg(image)


def _cabinet() -> io.BytesIO:
    image, d = _sheet(WALL)
    d.rectangle((360, 120, 840, 780), fill=IRON, outline=INK, width=10)
    d.line((600, 120, 600, 780), fill=INK, width=8)
    d.polygon([(480, 300), (420, 410), (540, 410)], fill="#d9b94a", outline=INK)
    for y in (520, 600, 680):
        d.rectangle((660, y, 780, y + 40), fill=PAPER, outline=INK, width=4)
    return _jpeg(image)
