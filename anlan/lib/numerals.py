"""Chinese numerals, and the citations of articles that use them."""

import re
import unicodedata
from typing import Final

from django.utils.translation import gettext_lazy as _

from anlan.lib.codes import Malformed

_DIGITS: Final = "零一二三四五六七八九"
_UNITS: Final = (("千", 1000), ("百", 100), ("十", 10), ("", 1))


def to_chinese(n: int) -> str:
    """28 → 二十八, 110 → 一百一十, 1003 → 一千零三; 0 to 9999, else `ValueError`."""
    if not 0 <= n <= 9999:
        raise ValueError("only 0-9999")
    written, skipped = "", False
    for name, unit in _UNITS:
        digit = n // unit % 10
        if digit:
            written += ("零" if written and skipped else "") + _DIGITS[digit] + name
        skipped = not digit
    return written.removeprefix("一") if 10 <= n < 20 else written or _DIGITS[0]


def from_chinese(text: str) -> int:
    """The number written in `text` (also 〇, 两 and 一十). Raises `Malformed` when it is not written properly."""
    plain = text.strip().translate(str.maketrans("〇两", "零二"))
    n = digit = 0
    for char in plain:
        if char in _DIGITS:
            digit = _DIGITS.index(char)
        else:
            n, digit = n + (digit or 1) * dict(_UNITS).get(char, 0), 0
    n += digit
    # Written back it must be the same: that refuses 三三, 十百 and everything else in one stroke.
    if n > 9999 or to_chinese(n) != (plain[1:] if plain.startswith("一十") else plain):
        raise Malformed(_("这不是规范的中文数字。"))
    return n


def article(cite: str) -> str:
    """A citation as people write it.

    "安全生产法:28" → 《安全生产法》第二十八条; "安全生产法:28-1" → 《安全生产法》第二十八条之一;
    "GB 30871-2022:6.1" → 《GB 30871-2022》6.1 (standards, which begin with a Latin letter, keep their clause
    numbers); without a colon only the name. Raises `Malformed` when the article is not a number.
    """
    name, colon, locator = (part.strip() for part in cite.replace("：", ":").rpartition(":"))
    if not colon:
        name, locator = locator, ""
    title = f"《{name.strip('《》')}》"
    if not locator or (name.strip("《》")[:1].isascii() and name):
        return title + locator
    found = re.fullmatch(r"([1-9][0-9]{0,3})(?:-([1-9][0-9]?))?", unicodedata.normalize("NFKC", locator))
    if not found:
        raise Malformed(_("引用的条号应写成“法名:28”或“法名:28-1”。"))
    inserted = f"之{to_chinese(int(found[2]))}" if found[2] else ""
    return f"{title}第{to_chinese(int(found[1]))}条{inserted}"
