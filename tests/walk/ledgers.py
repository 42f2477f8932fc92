"""Electronic ledgers: templates, entries, permits."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile

from anlan.files.actions import store
from anlan.ledgers.actions.building import open_draft
from anlan.ledgers.models import Entry, EntryFile, LedgerExport, Template
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.ledgers import lay_ledgers
from tests.walk.people import AGENCY, FIRM, FIRMS, LEARNERS, TERRITORY

RULERS = frozenset({"province", "city", "county", "deputy", "other_county", "other_city"})
BUILDERS = RULERS | FIRMS
FILLERS = FIRMS | LEARNERS
READERS = TERRITORY | AGENCY | FIRM
OWN_TEMPLATE = RULERS - {"other_county", "other_city"} | {"boss", "manager", "other_boss"}
COUNTY = frozenset({"county", "deputy"})
SEEN = READERS | {"worker"}

ALLOWED = {
    "ledgers:list": ("GET", "", FILLERS),
    "ledgers:entries": ("GET", "ready", FILLERS),
    "ledgers:start": ("POST", "ready", FIRMS | LEARNERS),
    "ledgers:print-list": ("GET", "ready", FILLERS),
    "ledgers:xlsx": ("GET", "ready", FILLERS),
    "ledgers:pack": ("POST", "ready", FILLERS),
    "ledgers:packed": ("GET", "pack", frozenset({"manager"})),
    "ledgers:pack-file": ("GET", "pack", frozenset({"manager"})),
    "ledgers:of": ("GET", "ledger_firm", READERS),
    "ledgers:entries-of": ("GET", "firm_ledger", READERS),
    "ledgers:entry": ("GET", "permit", SEEN),
    "ledgers:edit": ("GET", "permit", SEEN),
    "ledgers:draft": ("POST", "permit", SEEN),
    "ledgers:copy": ("POST", "permit", FIRM | {"worker"}),
    "ledgers:drop": ("POST", "permit", SEEN),
    "ledgers:void": ("POST", "permit", FIRM),
    "ledgers:print": ("GET", "permit", SEEN),
    "ledgers:attach": ("POST", "permit", SEEN),
    "ledgers:file": ("GET", "permit_file", SEEN),
    "ledgers:remove": ("POST", "permit_file", SEEN),
    "ledgers:hand-in": ("POST", "permit", SEEN),
    "ledgers:sign": ("POST", "permit", frozenset()),  # without naming a step nobody finds one
    "ledgers:close": ("POST", "permit", SEEN),
    "ledgers:templates": ("GET", "", BUILDERS),
    "ledgers:template-new": ("GET", "", BUILDERS),
    "ledgers:import": ("GET", "", BUILDERS),
    "ledgers:template": ("GET", "county_ledger", OWN_TEMPLATE),
    "ledgers:template-edit": ("GET", "county_ledger", COUNTY),
    "ledgers:template-copy": ("POST", "county_ledger", OWN_TEMPLATE),
    "ledgers:template-retire": ("POST", "county_ledger", COUNTY),
    "ledgers:compare": ("GET", "county_ledger", OWN_TEMPLATE),
    "ledgers:xlsform": ("GET", "county_ledger", OWN_TEMPLATE),
    "ledgers:build": ("GET", "county_ledger", COUNTY),
    "ledgers:change": ("POST", "county_ledger", COUNTY),
    "ledgers:chain": ("GET", "county_ledger", COUNTY),
    "ledgers:publish": ("POST", "county_ledger", COUNTY),
    "ledgers:discard": ("POST", "county_ledger", COUNTY),
    "ledgers:field": ("GET", "county_field", COUNTY),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """The county's template, the forge's permit in its chain, a file of it, a zip."""
    lay_ledgers(cast)
    ready = Template.objects.get(code="hot-work")
    county = Template.objects.filter(region_code="410105", created_by=cast.county).order_by("pk").first()
    assert county is not None
    open_draft(county, by=cast.county)
    permit = Entry.objects.filter(enterprise_id=cast.forge.pk, template=ready, state="pending").order_by("pk").first()
    assert permit is not None
    blob = store(ContentFile(b"PK\x03\x04"), name="a.zip", owner=("test", "z"), by_id=None)
    file = permit.files.order_by("pk").first() or EntryFile.objects.create(entry=permit, key="f1", original=blob)
    pack = LedgerExport.objects.create(
        created_by=cast.manager,
        post=cast.manager.post,
        enterprise_id=cast.forge.pk,
        template=ready,
        state="done",
        file=blob,
    )
    return {
        "ready": [ready.pk], "county_ledger": [county.pk], "county_field": [county.pk, "f1"], "permit": [permit.pk],
        "permit_file": [permit.pk, file.pk], "pack": [pack.pk], "ledger_firm": [cast.forge.pk], "firm_ledger": [cast.forge.pk, ready.pk],
    }  # fmt: skip
