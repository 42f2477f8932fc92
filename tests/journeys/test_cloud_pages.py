"""Behind the navigation: one page of every kind that somebody of the safety cloud can click their way to, at both sizes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from anlan.operations.demo.cast import PEOPLE
from tests.journeys.conftest import Visitor
from tests.journeys.test_roles import ways

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journey")]

NAMES = {row[0]: row[1] for row in PEOPLE}
WALKERS = ("grid", "town", "county", "province", "boss", "worker", "agency", "engineer", "association", "teacher")
CLOUD = re.compile(
    "^/(hazards|overdue|inspections|follow-ups|checklists|reports|offline-work|enterprises?|agency|agencies|agency-accounts|contracts|"
    "service-requests|services|trainings|associations?|memberships|publications|ledgers|ledger-entries|ledger-templates|performance|"
    "grids|approvals|organisations|inbox)/"
)
NOT_PAGES = re.compile(
    r"\.[a-z]+$|/(files?|file-?\w*|photos|print|print-list|xlsx|xlsform|export|template|picture|certificate|report)/(\d+/)?$|/orders/\d+/$"
)
"""What answers with a file: read by tests of its own app."""


def kind(address: str) -> str:
    """The address with every number taken for the same."""
    return re.sub(r"(?<=/)[a-z]{0,2}\d[0-9A-Za-z-]*(?=/)", "N", urlsplit(address).path)


def links(visitor: Visitor) -> list[str]:
    """Where this page leads, within the cloud."""
    found = visitor.page.eval_on_selector_all(
        "main a[href]:not([download])",
        "all => all.filter(a => !a.closest('[hidden]')).map(a => a.getAttribute('href'))",
    )
    inside = [href.split("#")[0] for href in found if href.startswith("/")]
    return [href for href in inside if CLOUD.match(href) and not NOT_PAGES.search(urlsplit(href).path)]


@pytest.mark.parametrize("who", WALKERS)
def test_every_kind_of_page_behind_the_navigation_is_sound(visit: Any, who: str) -> None:
    visitor = visit("phone").enter(NAMES[who])
    expect(visitor.page.locator(".al-side")).to_have_count(1)
    start = ways(visitor)
    known, todo = {kind(path) for path in start}, list[str]()

    def note() -> None:
        for href in links(visitor):
            if kind(href) not in known:
                known.add(kind(href))
                todo.append(href)

    for path in start:
        if path != "/patrol/":  # an app of its own, with a journey of its own
            visitor.page.goto(path)
            note()
    assert todo
    for path in todo:  # grows while we walk
        visitor.resize("phone")
        visitor.go(path)
        visitor.resize("desktop")
        visitor.look()
        expect(visitor.page.locator("h1")).to_have_count(1)
        note()
