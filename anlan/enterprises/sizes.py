"""The size class of an enterprise by its industry, workers and revenue. Pure.

Source: 统计上大中小微型企业划分办法 (2017), National Bureau of Statistics, floors per industry; a class needs every floor
that the industry names, else the next class down. Total assets (one of two measures for leasing, real estate and
construction) are not asked of small firms here: those trades are judged by what is known, which the reason says.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.lib.errors import Text

SOURCE: Final = gettext_lazy("《统计上大中小微型企业划分办法（2017）》")


@dataclass(frozen=True, slots=True)
class Floors:
    """Least workers and least revenue (10,000 yuan) of large, medium, small; None: the measure does not count."""

    name: Text
    codes: tuple[str, ...]
    workers: tuple[int, int, int] | None
    revenue: tuple[int, int, int] | None


TABLE: Final = (
    Floors(gettext_lazy("农林牧渔业"), ("A",), None, (20_000, 500, 50)),
    Floors(gettext_lazy("工业"), ("B", "C", "D"), (1000, 300, 20), (40_000, 2_000, 300)),
    Floors(gettext_lazy("建筑业"), ("E",), None, (80_000, 6_000, 300)),
    Floors(gettext_lazy("批发业"), ("F51",), (200, 20, 5), (40_000, 5_000, 1_000)),
    Floors(gettext_lazy("零售业"), ("F52",), (300, 50, 10), (20_000, 500, 100)),
    Floors(gettext_lazy("仓储业"), ("G59",), (200, 100, 20), (30_000, 1_000, 100)),
    Floors(gettext_lazy("邮政业"), ("G60",), (1000, 300, 20), (30_000, 2_000, 100)),
    Floors(gettext_lazy("交通运输业"), ("G54", "G55", "G56", "G57", "G58"), (1000, 300, 20), (30_000, 3_000, 200)),
    Floors(gettext_lazy("住宿业"), ("H61",), (300, 100, 10), (10_000, 2_000, 100)),
    Floors(gettext_lazy("餐饮业"), ("H62",), (300, 100, 10), (10_000, 2_000, 100)),
    Floors(gettext_lazy("信息传输业"), ("I63", "I64"), (2000, 100, 10), (100_000, 1_000, 100)),
    Floors(gettext_lazy("软件和信息技术服务业"), ("I65",), (300, 100, 10), (10_000, 1_000, 50)),
    Floors(gettext_lazy("房地产开发经营"), ("K701",), None, (200_000, 1_000, 100)),
    Floors(gettext_lazy("物业管理"), ("K702",), (1000, 300, 100), (5_000, 1_000, 500)),
    Floors(gettext_lazy("租赁和商务服务业"), ("L",), (300, 100, 10), None),
    Floors(gettext_lazy("其他行业"), ("",), (300, 100, 10), None),
)
CLASSES: Final = ("large", "medium", "small")


@dataclass(frozen=True, slots=True)
class Size:
    """The class (`Enterprise.Size`), and the sentence that says what made it."""

    key: str
    reason: str
    provisional: bool = False


def floors_of(industry: str) -> Floors:
    """The row of the table for an industry code such as C3391."""
    return next(row for row in TABLE if any(industry.startswith(code) for code in row.codes))


def size_of(industry: str, workers: int, revenue: int | None) -> Size:
    """The size class of a firm with so many `workers` and `revenue` (10,000 yuan a year; None: nobody has said yet).

    Without revenue the workers alone decide, provisionally; where the trade is judged by revenue alone, micro.
    """
    row = floors_of(industry)
    known = revenue if row.revenue else None
    unknown = row.revenue is not None and revenue is None
    facts = []
    if row.workers:
        facts.append(_("从业人员 %(n)d 人") % {"n": workers})
    if row.revenue:
        facts.append(_("营业收入还没有填") if known is None else _("营业收入 %(n)d 万元") % {"n": known})
    words = {"trade": row.name, "facts": "、".join(facts), "source": SOURCE}
    reason = _("按%(trade)s、%(facts)s，依%(source)s") % words
    for n, key in enumerate(CLASSES):
        enough = not row.workers or workers >= row.workers[n]
        rich = not row.revenue or (row.workers is not None if known is None else known >= row.revenue[n])
        if enough and rich:
            return Size(key, reason, unknown)
    # A micro firm by its workers stays one whatever it earns.
    return Size("micro", reason, unknown and row.workers is None)
