"""Fixtures of the tests of ledgers: the ready templates, and a plain template of the firm."""

from __future__ import annotations

import pytest

from anlan.ledgers.actions.building import create_template, publish_draft
from anlan.ledgers.actions.ready import install_ready_templates
from anlan.ledgers.models import Template
from anlan.ledgers.tests.helpers import FIELDS
from anlan.operations.demo.cast import Cast


@pytest.fixture
def ledger(cast: Cast) -> Template:
    """A published template of the forge."""
    template = create_template({"name": "器材台账", "prefix": "QC"}, by=cast.manager, fields=FIELDS)
    publish_draft(template.versions.get(), by=cast.manager, edits=0)
    template.refresh_from_db()
    return template


@pytest.fixture
def hot_work(cast: Cast) -> Template:
    """The ready hot-work permit."""
    install_ready_templates()
    return Template.objects.select_related("current").get(code="hot-work")
