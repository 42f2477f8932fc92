"""Money for safety and training."""

from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise, Spending
from anlan.files.actions import store
from anlan.lib.errors import Refused

KINDS = frozenset({"image/", "application/pdf"})


def _refuse_unless_manager(firm: Enterprise, by: User) -> None:
    if not firm.is_managed_by(by):
        raise Refused(gettext_lazy("安全投入由企业自己登记。您现在的身份只能看。"), code="not_manager", status=403)


@transaction.atomic
def add_spending(
    enterprise: Enterprise,
    year: int,
    values: dict[str, Any],
    *,
    by: User,
    content: IO[bytes] | None = None,
    name: str = "",
) -> Spending:
    """Write a budget or an invoice; `values`: uid, kind, purpose, yuan (in fen), on, invoice_number, note.

    An invoice counts in the year of its day; a second budget of one purpose and year takes the place of the first. The
    same `uid` writes once. Raises `Refused`: 403 to others than the managers, 422 when the invoice is there already.
    """
    _refuse_unless_manager(enterprise, by)
    there = Spending.objects.filter(uid=values["uid"]).first()
    if there is not None:
        if there.enterprise_id != enterprise.pk:
            raise Refused(gettext_lazy("这一页放得太久了，请刷新后再填。"), code="stale")
        return there
    fields: dict[str, Any] = {"fen": values["yuan"], "note": values["note"], "by": by}
    if values["kind"] == Spending.Kind.BUDGET:
        made, _new = Spending.objects.update_or_create(
            enterprise=enterprise, year=year, purpose=values["purpose"], kind=Spending.Kind.BUDGET, defaults=fields
        )
    else:
        made = _invoice(enterprise, values, fields)
        if content is not None:
            made.file = store(content, name=name, owner=("spending", str(made.pk)), by_id=by.pk, kinds=KINDS)
            made.save(update_fields=["file"])
    record("add_spending", enterprise, by=by, region_code=enterprise.organisation.region_code, what=str(made))
    return made


def _invoice(enterprise: Enterprise, values: dict[str, Any], fields: dict[str, Any]) -> Spending:
    try:
        with transaction.atomic():
            return Spending.objects.create(
                uid=values["uid"], enterprise=enterprise, year=values["on"].year, kind=Spending.Kind.INVOICE,
                purpose=values["purpose"], on=values["on"], invoice_number=values["invoice_number"], **fields,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(
            gettext_lazy("这张发票已经登记过，没有再记一次。"), code="twice", status=422, field="invoice_number"
        ) from None


@transaction.atomic
def remove_spending(spending: Spending, *, by: User) -> None:
    """Take an entry out; the record keeps what it was. Raises `Refused` (403); twice is once."""
    _refuse_unless_manager(spending.enterprise, by)
    if Spending.objects.filter(pk=spending.pk).delete()[0]:
        region = spending.enterprise.organisation.region_code
        record("remove_spending", spending.enterprise, by=by, region_code=region, what=str(spending))
