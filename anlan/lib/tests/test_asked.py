import pytest
from django.test import RequestFactory

from anlan.lib.asked import number, way_back


@pytest.mark.parametrize("text", [None, "", "²", "٣", "-1", "1e3", "9" * 19, "9" * 5000, " 1", "0x1"])
def test_what_is_no_plain_number_is_none(text: str | None) -> None:
    assert number(text) is None


def test_a_plain_number_is_read() -> None:
    assert (number("0"), number("007"), number("9" * 18)) == (0, 7, 10**18 - 1)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "0",
        "accounts:me",
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "\x00",
    ],
)
def test_the_way_back_never_leads_outside_and_never_breaks(url: str | None) -> None:
    assert way_back(RequestFactory().get("/"), url, "/home/") == "/home/"


def test_the_way_back_leads_inside() -> None:
    assert way_back(RequestFactory().get("/"), "/people/?page=2", "/") == "/people/?page=2"
