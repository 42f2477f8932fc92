"""A firm, an agency with a verified engineer, and steps that every test of this app may take."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from anlan.agencies.actions import accept_contract, ask_service, deliver_service, offer_contract
from anlan.agencies.actions.services import assign_service
from anlan.agencies.models import Agency, Contract, Engineer, Service
from anlan.files.actions import store
from anlan.files.models import Blob
from anlan.operations.demo.cast import Cast

PDF = b"%PDF-1.4 report"


def pdf(name: str = "报告.pdf") -> Blob:
    """A small stored file."""
    return store(ContentFile(PDF), name=name, owner=("test", "1"), by_id=None)


@pytest.fixture
def anhe(cast: Cast) -> Agency:
    """The agency of the cast."""
    return Agency.objects.get(pk=cast.anhe.pk)


@pytest.fixture
def verified(cast: Cast, anhe: Agency) -> Engineer:
    """Its engineer, verified and valid for a year."""
    return Engineer.objects.create(
        agency=anhe, user=cast.engineer, name="沈毅", number="41190100245", state="verified", certificate=pdf(),
        valid_until=timezone.localdate() + timedelta(days=365), verified_by=cast.county,
    )  # fmt: skip


@pytest.fixture
def offered(cast: Cast, anhe: Agency) -> Contract:
    """A contract that waits for the forge's signature, with one inspection planned today."""
    today = timezone.localdate()
    asked = ask_service(
        anhe, cast.enterprise("forge"), by=cast.manager, kinds=["inspection"], words="", wanted_by=today
    )
    return offer_contract(
        asked, by=cast.agency, number="A-1", kinds=["inspection"], since=today, until=today + timedelta(days=100), fee_fen=100,
        plan=[("inspection", today)],
    )  # fmt: skip


@pytest.fixture
def signed(cast: Cast, offered: Contract) -> Contract:
    """The same contract, accepted."""
    accept_contract(offered, by=cast.manager)
    return offered


@pytest.fixture
def delivered(cast: Cast, signed: Contract, verified: Engineer) -> Service:
    """Its inspection, delivered with a report."""
    service = signed.services.get()
    assign_service(service, verified, by=cast.agency)
    deliver_service(service, by=cast.engineer, summary="查出 3 条", report=pdf())
    return service
