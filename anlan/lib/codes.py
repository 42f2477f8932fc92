"""Numbers people carry and type: identity, company, telephone, region, certificate.

Every reader takes what a person or a spreadsheet gives, returns one canonical text, or raises `Malformed`
with a reason for people. The demo ranges can belong to nobody: region codes 99xxxx do not exist (provinces
run from 11 to 83; a foreigner's card is 9 and then a province) and no operator issues numbers from 100.
"""

import re
import unicodedata
from datetime import date
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

DEMO_REGION: Final = "99"
DEMO_PHONE: Final = "100"

_EXCEL = _("这个号码被 Excel 当成了数字，末几位已经丢失。请把这一列设为“文本”格式后重新填写。")
_JUNK = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff'`’‘\-\u2010-\u2015]")
_EXPONENT = re.compile(r"([0-9])\.([0-9]*)E\+?([0-9]{1,2})")
_DECIMAL = re.compile(r"([0-9]+)\.0*")

# GB/T 2260 provinces; 81–83 are also the residence permits for Hong Kong, Macao and Taiwan.
_PROVINCES: Final = frozenset(
    str(n)
    for n in (
        *range(11, 16),
        *range(21, 24),
        *range(31, 38),
        *range(41, 47),
        *range(50, 55),
        *range(61, 66),
        71,
        81,
        82,
        83,
    )
)
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643: 2**(17-i) mod 11
_ID_CHECK: Final = "10X98765432"
_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: without I O S V Z
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
_BASE36: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Malformed(ValueError):
    """What was given cannot be read as what it should be; `reason` says so to people (translated late)."""

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.reason)


def _plain(raw: str) -> str:
    """Half-width capitals without spaces, dashes, quotation marks and invisible characters."""
    return _JUNK.sub("", unicodedata.normalize("NFKC", raw)).upper()


def _unfloat(text: str) -> str:
    """Undo a spreadsheet's float only where no digit can have been lost; other text passes unchanged.

    All digits must be spelled out. A double keeps 15 of them; a longer number must also be one that no
    double prints: it ends in no zero, and is not a double itself.
    """
    if found := _DECIMAL.fullmatch(text):
        digits, spelled = found[1], len(found[1])
    elif (found := _EXPONENT.fullmatch(text)) and 1 + len(found[2]) <= 1 + int(found[3]) <= 20:
        digits, spelled = (found[1] + found[2]).ljust(int(found[3]) + 1, "0"), 1 + len(found[2])
    else:
        return text
    if spelled < len(digits) or (len(digits) > 15 and (digits[-1] == "0" or int(float(digits)) == int(digits))):
        raise Malformed(_EXCEL)
    return digits


# --- identity numbers (GB 11643) ------------------------------------------------------------------


def _id_check(body: str) -> str:
    return _ID_CHECK[sum(int(c) * w for c, w in zip(body, _ID_WEIGHTS, strict=True)) % 11]


def id_number(raw: str, *, allow_demo: bool = False, today: date | None = None) -> str:
    """The 18-character identity number in `raw`, with a capital X.

    Checks the province, the birth date (not before 1900, not after `today` where it is given) and the
    check character. Raises `Malformed`; digits lost in Excel are never guessed.
    """
    number = _unfloat(_plain(raw))
    if not number:
        raise Malformed(_("请填写身份证号。"))
    if re.fullmatch(r"[0-9]{15}", number):
        raise Malformed(_("15 位旧身份证号已经停用，请填写 18 位号码。"))
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise Malformed(
            format_lazy(_("身份证号应为 18 位（末位可以是 X），现在是 {count} 位。"), count=len(number))
            if len(number) != 18
            else _("身份证号只能由数字组成，末位可以是 X。")
        )
    if _id_check(number[:17]) != number[17]:
        raise Malformed(_EXCEL if number.endswith("000") else _("身份证号校验位不对，请核对是否输错。"))
    demo = number.startswith(DEMO_REGION)
    province = number[1:3] if number[0] == "9" else number[:2]
    if not (province in _PROVINCES or (demo and allow_demo)):
        raise Malformed(_("这是演示用的身份证号，不能用于真实业务。") if demo else _("身份证号的地区码不存在。"))
    try:
        born = birth_date(number)
    except ValueError:
        raise Malformed(_("身份证号里的出生日期不存在。")) from None
    if born.year < 1900 or (today is not None and born > today):
        raise Malformed(_("身份证号里的出生日期不合理。"))
    return number


def birth_date(id: str) -> date:
    """The birth date inside a canonical identity number. Raises `ValueError` when there is no such day."""
    return date(int(id[6:10]), int(id[10:12]), int(id[12:14]))


def sex(id: str) -> Literal["male", "female"]:
    """By the 17th digit of a canonical identity number: odd is male."""
    return "male" if int(id[16]) % 2 else "female"


def demo_id_number(region6: str, birth: date, serial: int) -> str:
    """A checksum-valid number of nobody: 99, province and city of `region6`, the birth date, `serial` 0–999."""
    if not 0 <= serial <= 999:
        raise ValueError("serial must be 0-999")
    body = f"{DEMO_REGION}{region6[:4]:0<4}{birth:%Y%m%d}{serial:03d}"
    return body + _id_check(body)


# --- unified social credit codes (GB 32100) -------------------------------------------------------


def _credit_check(body: str) -> str:
    total = sum(_CREDIT_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return _CREDIT_ALPHABET[-total % 31]


def credit_code(raw: str) -> str:
    """The 18-character unified social credit code in `raw`; typed I and O, which no code has, become 1 and 0.

    Raises `Malformed`. Demo codes pass; `is_demo` tells them.
    """
    code = _unfloat(_plain(raw)).replace("I", "1").replace("O", "0")
    if not code:
        raise Malformed(_("请填写统一社会信用代码。"))
    if len(code) != 18:
        raise Malformed(format_lazy(_("统一社会信用代码应为 18 位，现在是 {count} 位。"), count=len(code)))
    if not re.fullmatch(rf"[{_CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{_CREDIT_ALPHABET}]{{10}}", code):
        raise Malformed(_("统一社会信用代码里有不该出现的字符（没有字母 S、V、Z，第 3 至 8 位是数字）。"))
    if _credit_check(code[:17]) != code[17]:
        raise Malformed(_EXCEL if code.endswith("000") else _("统一社会信用代码校验位不对，请核对是否输错。"))
    return code


def demo_credit_code(region6: str, n: int) -> str:
    """A check-valid code of nobody: an enterprise in 99, province and city of `region6`, `n` 0–999999."""
    if not 0 <= n <= 999_999:
        raise ValueError("n must be 0-999999")
    organisation = f"DM{n:06d}"
    total = sum(_BASE36.index(c) * w for c, w in zip(organisation, _ORGANISATION_WEIGHTS, strict=True))
    body = f"91{DEMO_REGION}{region6[:4]:0<4}{organisation}{'0123456789X'[-total % 11]}"
    return body + _credit_check(body)


# --- chemicals (CAS registry numbers) ----------------------------------------------------------------


def cas_number(raw: str) -> str:
    """The CAS registry number in `raw` as 67-63-0, dashes given or not. Raises `Malformed`: form or check digit.

    The check digit is the sum of the digits before it, each times its place counted from the right, modulo 10.
    """
    digits = _plain(raw).removeprefix("CAS").lstrip(":.")
    if not re.fullmatch(r"[1-9][0-9]{4,9}", digits):
        raise Malformed(_("CAS 号应像 67-63-0 这样，由 5 至 10 位数字组成。"))
    if sum(n * int(c) for n, c in enumerate(reversed(digits[:-1]), start=1)) % 10 != int(digits[-1]):
        raise Malformed(_("CAS 号校验位不对，请核对是否输错。"))
    return f"{digits[:-3]}-{digits[-3:-1]}-{digits[-1]}"


# --- telephone numbers ----------------------------------------------------------------------------


def phone(raw: str, *, allow_demo: bool = False) -> str:
    """The 11 digits of a mainland mobile number: +86, spaces, dashes, full-width and floats are understood.

    "13800000417.0" is read; "1.38E+10" has lost its digits. Raises `Malformed`.
    """
    text = _unfloat(re.sub(r"[()]", "", _plain(raw)))
    number = re.sub(r"^(\+86|0086|86(?=[0-9]{11}$))", "", text)
    if not number:
        raise Malformed(_("请填写手机号。"))
    if not re.fullmatch(r"[0-9]{11}", number):
        raise Malformed(_("手机号应为 11 位数字。"))
    if number.startswith(DEMO_PHONE):
        if allow_demo:
            return number
        raise Malformed(_("这是演示用的手机号，不能用于真实业务。"))
    if not re.match(r"1[3-9]", number):
        raise Malformed(_("这不是中国大陆的手机号。"))
    return number


def demo_phone(n: int) -> str:
    """The `n`th (0–99,999,999) of the numbers that no operator issues."""
    if not 0 <= n <= 99_999_999:
        raise ValueError("n must be 0-99999999")
    return f"{DEMO_PHONE}{n:08d}"


def is_demo(number: str) -> bool:
    """Whether a canonical identity number, credit code or telephone number lies in a demo range."""
    return number.startswith(DEMO_PHONE if len(number) == 11 else (DEMO_REGION, "91" + DEMO_REGION))


# --- what others may see --------------------------------------------------------------------------


def _mask(text: str, head: int, tail: int) -> str:
    """Stars between head and tail; all stars when too short to hide anything."""
    hidden = len(text) - head - tail
    return text[:head] + "*" * hidden + text[-tail:] if hidden > 0 else "*" * len(text)


def mask_phone(number: str) -> str:
    """138****0417"""
    return _mask(number, 3, 4)


def mask_id(number: str) -> str:
    """4101**********0417"""
    return _mask(number, 4, 4)


def mask_name(name: str) -> str:
    """李*强, 张*"""
    return _mask(name, 1, 1) if len(name) > 2 else name[:1] + "*" if len(name) == 2 else "*" * len(name)


# --- regions and certificates ---------------------------------------------------------------------


def region_prefix_range(code: str) -> tuple[str, str]:
    """Bounds (from, below) of all codes that begin with `code`: '4101' → ('4101', '4102'), '4109' → ('4109', '410A').

    Codes consist of digits and capitals. The bound is built from the same characters, because ':' follows
    '9' in code-point order only, not in the collations of PostgreSQL and MariaDB. An empty code is refused:
    a scope that was forgotten must not become the whole country.
    """
    if not re.fullmatch(r"[0-9A-Z]+", code):
        raise ValueError(f"not a region code: {code!r}")
    stem = code.rstrip("Z")
    if not stem:
        raise ValueError(f"no region code follows {code!r}")
    return code, stem[:-1] + _BASE36[_BASE36.index(stem[-1]) + 1]


def check_digit(body: str) -> str:
    """ISO 7064 MOD 37,36 over digits and letters; dashes and spaces do not count. Raises `Malformed`."""
    product = 36
    for char in _plain(body):
        if char not in _BASE36:
            raise Malformed(_("编号只能由数字和英文字母组成。"))
        product = ((product + _BASE36.index(char)) % 36 or 36) * 2 % 37
    return _BASE36[(37 - product) % 36]


def has_check_digit(number: str) -> bool:
    """Whether the last character of `number` is the check digit of those before it."""
    plain = _plain(number)
    try:
        return len(plain) > 1 and check_digit(plain[:-1]) == plain[-1]
    except Malformed:
        return False
