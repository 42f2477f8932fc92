from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anlan.lib import codes
from anlan.lib.codes import Malformed

STANDARD_ID = "11010519491231002X"  # the example of GB 11643
STANDARD_CREDIT = "91350100M000100Y43"  # the example of GB 32100
births = st.dates(date(1930, 1, 1), date(2020, 12, 31))
regions = st.sampled_from(["410105", "411702", "110101"])


@pytest.mark.parametrize(
    "raw",
    [
        STANDARD_ID,
        " 110105 19491231 002x ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "'11010519491231002x",
        "\ufeff110105-19491231-002X",
    ],
)
def test_identity_numbers_are_read_as_people_write_them(raw: str) -> None:
    number = codes.id_number(raw)
    assert number == STANDARD_ID
    assert codes.birth_date(number) == date(1949, 12, 31)
    assert codes.sex(number) == "female"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("", "请填写"),
        ("110105491231002", "15 位"),
        ("11010519491231002", "17 位"),
        ("11010519491231002XX", "19 位"),
        ("110105194912310021", "校验位"),
        ("1101O519491231002X", "数字"),
        ("4.10105E+17", "Excel"),
        ("4.10105199001011e+17", "Excel"),
        ("410105199001011000", "Excel"),
        ("4.1010519900101126e+17", "Excel"),
        ("410105199001011264.0", "Excel"),
        ("410105199001011260.0", "Excel"),
    ],
)
def test_a_bad_identity_number_says_what_is_wrong(raw: str, words: str) -> None:
    with pytest.raises(Malformed) as caught:
        codes.id_number(raw)
    assert words in str(caught.value.reason)


def _with_check(body: str) -> str:
    return body + next(c for c in "0123456789X" if codes._id_check(body) == c)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("41010519900230001", "不存在"),
        ("99010519900101001", "演示"),
        ("08010519900101001", "地区"),
        ("41010518990101001", "不合理"),
    ],
)
def test_region_and_birth_date_must_exist(body: str, words: str) -> None:
    with pytest.raises(Malformed) as caught:
        codes.id_number(_with_check(body))
    assert words in str(caught.value)


def test_nobody_is_born_tomorrow() -> None:
    number = _with_check("41010520260302001")
    assert codes.id_number(number, today=date(2026, 3, 2)) == number
    with pytest.raises(Malformed):
        codes.id_number(number, today=date(2026, 3, 1))


@given(regions, births, st.integers(0, 999))
def test_a_number_spelled_as_a_float_comes_back_right_or_not_at_all(region: str, birth: date, serial: int) -> None:
    number = _with_check(f"{region}{birth:%Y%m%d}{serial:03d}")
    assume(number.isdigit())
    double = float(number)
    for damaged in (repr(double), f"{double:.1f}", f"{double:.5E}", f"{double:.14E}", f"{double:.17E}"):
        with pytest.raises(Malformed):
            codes.id_number(damaged)
    for spelled in (f"{number}.0", f"{number[0]}.{number[1:]}E+17"):
        try:
            assert codes.id_number(spelled) == number
        except Malformed:
            assert number.endswith("0") or int(double) == int(number)


@given(regions, births, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(region: str, birth: date, serial: int, at: int, by: int) -> None:
    number = codes.demo_id_number(region, birth, serial)
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    with pytest.raises(Malformed):
        codes.id_number(wrong, allow_demo=True)


@given(regions, births, st.integers(0, 999))
def test_demo_identities_pass_only_where_demo_is_allowed(region: str, birth: date, serial: int) -> None:
    number = codes.demo_id_number(region, birth, serial)
    assert codes.id_number(number, allow_demo=True) == number
    assert codes.birth_date(number) == birth and codes.is_demo(number)
    assert codes.sex(number) == ("male" if serial % 2 else "female")
    with pytest.raises(Malformed):
        codes.id_number(number)


def test_credit_codes() -> None:
    assert codes.credit_code(STANDARD_CREDIT) == STANDARD_CREDIT
    assert codes.credit_code(" ９１３５０１００ m0001O0y43 ") == STANDARD_CREDIT
    assert not codes.is_demo(STANDARD_CREDIT)
    for bad in ("", "91350100M000100Y4", "91350100M000100Y44", "9135010SM000100Y43", "9.135E+17", "91350100V000100Y43"):
        with pytest.raises(Malformed):
            codes.credit_code(bad)


@given(regions, st.integers(0, 999_999))
def test_demo_credit_codes_are_valid_and_known_as_demo(region: str, n: int) -> None:
    code = codes.demo_credit_code(region, n)
    assert codes.credit_code(code) == code and codes.is_demo(code)


@pytest.mark.parametrize(
    "raw",
    [
        "13800000417",
        "+86 138-0000-0417",
        "0086 13800000417",
        "8613800000417",
        "１３８０００００４１７",
        "13800000417.0",
        "1.3800000417E+10",
        "1.3800000417e10",
        "(+86)138 0000 0417",
        "8613800000417.0",
    ],
)
def test_phone_numbers_are_read_as_people_write_them(raw: str) -> None:
    assert codes.phone(raw) == "13800000417"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("1.38E+10", "Excel"),
        ("1.38000004E+10", "Excel"),
        ("12800000417", "大陆"),
        ("1380000041", "11 位"),
        ("0371-6555", "11 位"),
        ("", "请填写"),
        ("10000000417", "演示"),
        ("13800000417.5", "11 位"),
    ],
)
def test_a_bad_phone_number_says_what_is_wrong(raw: str, words: str) -> None:
    with pytest.raises(Malformed) as caught:
        codes.phone(raw)
    assert words in str(caught.value)


@given(st.integers(0, 99_999_999))
def test_demo_phones(n: int) -> None:
    number = codes.demo_phone(n)
    assert codes.phone(number, allow_demo=True) == number and codes.is_demo(number)


def test_masks() -> None:
    assert codes.mask_phone("13800000417") == "138****0417"
    assert codes.mask_id("410105199001010417") == "4101**********0417"
    assert [codes.mask_name(name) for name in ("", "张", "张三", "李小强", "欧阳小强")] == [
        "",
        "*",
        "张*",
        "李*强",
        "欧**强",
    ]
    assert codes.mask_phone("1234567") == "*******"


alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@given(
    st.text(alphabet, min_size=1, max_size=6).filter(lambda code: code.strip("Z")),
    st.text(alphabet, max_size=8),
    st.data(),
)
def test_a_prefix_range_holds_the_territory_and_nothing_else(code: str, other: str, data: st.DataObject) -> None:
    low, below = codes.region_prefix_range(code)
    inside = code + data.draw(st.text(alphabet, max_size=6))
    assert low <= inside < below
    assert (low <= other < below) == other.startswith(code)


def test_prefix_ranges() -> None:
    assert codes.region_prefix_range("4101") == ("4101", "4102")
    assert codes.region_prefix_range("4109") == ("4109", "410A")
    assert codes.region_prefix_range("41AZ") == ("41AZ", "41B")
    for bad in ("", "41a", "Z", "41%"):
        with pytest.raises(ValueError):
            codes.region_prefix_range(bad)


@pytest.mark.parametrize("number", ["A12425GABC1234002M", "0000-0001-8947-0000-8", "0000 0001 8947 0000 0000 0000 d"])
def test_check_digits_agree_with_published_numbers(number: str) -> None:
    assert codes.has_check_digit(number)


@given(st.text(alphabet, min_size=2, max_size=20), st.integers(0, 30), st.sampled_from(alphabet))
def test_check_digits_find_a_wrong_character_and_two_swapped_ones(body: str, at: int, char: str) -> None:
    number = body + codes.check_digit(body)
    at %= len(body)
    assert codes.has_check_digit(number)
    assume(char != number[at])
    assert not codes.has_check_digit(number[:at] + char + number[at + 1 :])
    assert not codes.has_check_digit("") and not codes.has_check_digit("张-1")
