"""Dates as people and spreadsheets write them, and as people read them."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from anlan.lib.codes import Malformed

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_TIME = r"(?:[ T]*[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_WRITTEN = re.compile(r"([0-9]+) ?([-/.年]) ?([0-9]{1,2}) ?(?:\2|月) ?([0-9]{1,2}) ?日?" + _TIME)
_UNREADABLE = _("认不出这个日期，请写成 2024-03-01 这样。")
_FOUR = _("年份请写四位，例如 2024-03-01。")


def parse_date(value: object, *, today: date) -> date:
    """The day that `value` means: date, datetime (an aware one as seen in Shanghai), text, or a spreadsheet number.

    Text: 2024-03-01, 2024/3/1, 2024.3.1, 2024年3月1日, 20240301, a time of day behind it, full-width digits.
    Numbers: YYYYMMDD, or the serial day of Excel's 1900 system. Accepts 1900 to 100 years from `today`.
    Raises `Malformed`: no such day, a year of two digits, a bare year, anything else.
    """
    if isinstance(value, datetime):
        return _plausible((value.astimezone(SHANGHAI) if value.tzinfo else value).date(), today)
    if isinstance(value, date):
        return _plausible(value, today)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _plausible(_from_number(value), today)
    if not isinstance(value, str):
        raise Malformed(_UNREADABLE)
    text = re.sub(r"[\s\ufeff\u200b]+", " ", unicodedata.normalize("NFKC", value).replace("。", ".")).strip(" '")
    if not text:
        raise Malformed(_("请填写日期。"))
    if re.fullmatch(r"[0-9]{1,8}(\.[0-9]{0,15})?", text):
        return _plausible(_from_number(float(text)), today)
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise Malformed(_UNREADABLE)
    year, mark, month, day = found.groups()
    if len(year) != 4:
        raise Malformed(_FOUR)
    if (mark == "年") != ("月" in text):
        raise Malformed(_UNREADABLE)
    return _plausible(_day(int(year), int(month), int(day)), today)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Malformed(
            format_lazy(_("没有 {year} 年 {month} 月 {day} 日这一天。"), year=year, month=month, day=day)
        ) from None


def _from_number(number: float) -> date:
    """YYYYMMDD, or days by Excel, which counts a 29 February 1900 (day 60) that never was."""
    if not 1 <= number <= 99_991_231:
        raise Malformed(_UNREADABLE)
    days = int(number)
    if days >= 10_000_000:
        return _day(days // 10_000, days // 100 % 100, days % 100)
    if 1900 <= days <= 2100:
        raise Malformed(_("只有年份，请把月和日也写上。"))
    if days == 60:
        raise Malformed(format_lazy(_("没有 {year} 年 {month} 月 {day} 日这一天。"), year=1900, month=2, day=29))
    if days > 99_999:  # 240301 would be a day in the year 2557
        raise Malformed(_FOUR)
    return date(1899, 12, 30 if days > 60 else 31) + timedelta(days=days)


def _plausible(day: date, today: date) -> date:
    if not 1900 <= day.year <= today.year + 100:
        raise Malformed(format_lazy(_("年份 {year} 不合理，请核对。"), year=day.year))
    return day


def cn_date(d: date, today: date) -> str:
    """ "11 月 20 日", with the year when it is not this year's: "2025 年 11 月 20 日"."""
    return f"{d.month} 月 {d.day} 日" if d.year == today.year else f"{d.year} 年 {d.month} 月 {d.day} 日"
