"""Issue, sign, revoke, print."""

import json
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, Role, User
from anlan.audit.actions import record
from anlan.certificates import log, pdf, rules, signing
from anlan.certificates.models import Certificate, LogEntry, LogState, PrintBatch, Revocation, TreeHead
from anlan.certificates.record import VERSION, canonical
from anlan.enterprises.models import Enterprise
from anlan.exams.models import Exam, Sitting
from anlan.files.actions import store
from anlan.files.models import Blob
from anlan.lib.codes import check_digit
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.tallies.actions import tally
from anlan.training.models import Enrolment

REQUEST_DAYS: Final = 30
"""A request to revoke that nobody decided for so long must be made anew: facts may have changed."""


# --- issue -----------------------------------------------------------------------------------------


@transaction.atomic
def issue_certificate(of: Enrolment | Sitting, *, by: User | None = None, at: datetime | None = None) -> Certificate:
    """Issue the certificate of an enrolment (or of a passed sitting of its class) and put it into the public log.

    The PDF follows in the background. The platform itself (`by` None) issues once and never again; a regulator who may
    revoke in the territory may issue anew after a revocation, for example with the name put right.
    The time is the server's; `at` is for the invented people of the demo only, and never earlier than the last leaf.
    Raises `Refused`: rule not met, already issued, no power.
    """
    enrolment = _enrolment(of)
    if at is not None and not (settings.ANLAN_DEMO and enrolment.user.is_demo):
        raise Refused(_("签发时间由服务器决定，不能指定。"), code="server_time", status=422)
    if (refusal := rules.why_not(enrolment)) is not None:
        raise refusal
    training_class, holder = enrolment.training_class, enrolment.user
    firm = Organisation.objects.filter(pk=enrolment.enterprise_id).first() if enrolment.enterprise_id else None
    region = firm.region_code if firm else training_class.region_code
    state = log.lock()  # from here on nobody else issues
    earlier = Certificate.objects.filter(user=holder, training_class=training_class)
    may_reissue = by is not None and people_who_may_revoke(region).filter(pk=by.pk).exists()
    if by is not None and not may_reissue and not training_class.can_manage(by):
        raise Refused(_("您不能签发这张证书。"), code="no_power", status=403)
    if earlier.filter(revoked_at=None).exists() or (earlier.exists() and not may_reissue):
        raise Refused(_("这次培训的证书已经签发过，没有再发。"), code="already_issued")
    sitting = _best_sitting(enrolment)
    at = log.now_for(state, at)
    valid_until, review_by = rules.term(training_class.kind, timezone.localtime(at).date())
    certificate = Certificate.objects.create(
        number=_new_number(timezone.localtime(at).year),
        user=holder,
        sitting=sitting if sitting and not Certificate.objects.filter(sitting=sitting).exists() else None,
        training_class=training_class,
        enterprise_id=enrolment.enterprise_id,
        enterprise_name=firm.name if firm else "",
        region_code=region,
        issuer=training_class.organisation.name,
        holder=holder.name,
        holder_id_masked=holder.id_masked if holder.id_number else "",
        title=training_class.title,
        hours=enrolment.credited_ms // (rules.MS_PER_HOUR // 10) / 10,  # cut off, never rounded up
        score=sitting.score if sitting else None,
        issued_at=at,
        valid_until=valid_until,
        review_by=review_by,
        salt=secrets.token_hex(32),
    )
    log.append(state, certificate, LogEntry.Kind.ISSUE, log.body_of_issue(certificate), at)
    record("issue_certificate", certificate, by=by, region_code=region, title=certificate.title)
    _count("certificates", certificate)
    notify(
        [holder],
        "certificate",
        _("“%(title)s”的证书已签发") % {"title": certificate.title},
        text=_("编号 %(number)s，有效期至 %(until)s。")
        % {"number": certificate.grouped, "until": valid_until.isoformat()},
        key=f"certificate:{certificate.number}",
        url=reverse("certificates:mine"),
    )
    return certificate


def _enrolment(of: Enrolment | Sitting) -> Enrolment:
    found = Enrolment.objects.select_related("training_class__organisation", "user")
    if isinstance(of, Enrolment):
        return found.get(pk=of.pk)
    if of.exam.kind != Exam.Kind.FINAL or not of.passed or of.exam.training_class_id is None:
        raise Refused(_("只有培训班的结业考试合格才发证书。"), code="not_qualified")
    enrolment = found.filter(training_class_id=of.exam.training_class_id, user_id=of.user_id).first()
    if enrolment is None:
        raise Refused(_("这个人不在培训班里，不能发证书。"), code="not_qualified")
    return enrolment


def _best_sitting(enrolment: Enrolment) -> Sitting | None:
    return (
        Sitting.objects.filter(
            exam__training_class_id=enrolment.training_class_id,
            exam__kind=Exam.Kind.FINAL,
            user_id=enrolment.user_id,
            state=Sitting.State.SCORED,
            passed=True,
        )
        .order_by("-score", "pk")
        .first()
    )


def _new_number(year: int) -> str:
    """AL, year, eight random digits, check character: nobody can count on from one number to the next."""
    while True:
        body = f"AL{year}{secrets.randbelow(100_000_000):08d}"
        number = body + check_digit(body)
        if number[-1] not in "IO" and not Certificate.objects.filter(number=number).exists():
            return number  # I and O would be typed as 1 and 0


def _count(measure: str, certificate: Certificate) -> None:
    if certificate.enterprise_id is None:
        return
    industry = Enterprise.objects.filter(pk=certificate.enterprise_id).values_list("industry", flat=True).first() or ""
    tally(
        measure,
        1,
        subject=("enterprise", certificate.enterprise_id),
        when=certificate.revoked_at or certificate.issued_at,
        region_code=certificate.region_code,
        industry=industry[:3],
    )


# --- sign ------------------------------------------------------------------------------------------


def sign_certificate(certificate: Certificate, head: TreeHead) -> bool:
    """Make and keep the signed PDF; False when another worker was faster. `head` must cover the leaf."""
    entry = certificate.log_entries.get(kind=LogEntry.Kind.ISSUE)
    attached = {
        "v": VERSION,
        "number": certificate.number,
        "holder": certificate.holder,
        "holder_id": certificate.holder_id_masked,
        "blinds": {what: certificate.salts.blind(what) for what in ("number", "holder")},
        "body": json.loads(entry.body),
        "leaf": {"index": entry.position, "proof": log.inclusion(entry, head)},
        "head": log.head_json(head),
        "verify": certificate.verify_url,
    }
    content = signing.sign_pdf(
        pdf.render([page_of(certificate)], made_at=certificate.issued_at, record=canonical(attached))
    )
    with transaction.atomic():
        blob = store(
            BytesIO(content),
            name=f"{certificate.number}.pdf",
            owner=("certificates.certificate", str(certificate.pk)),
            by_id=None,
            kinds=frozenset({"application/pdf"}),
        )
        first = Certificate.objects.filter(pk=certificate.pk, pdf__isnull=True).update(pdf=blob)
        if not first:
            transaction.set_rollback(True)
    if not first:
        default_storage.delete(blob.path)
    return bool(first)


def page_of(certificate: Certificate, *, copy: bool = False) -> pdf.Page:
    """What the printed certificate shows; `copy` says on its face that it is not the signed original."""

    def day(value: date | None) -> str:
        return f"{value.year} 年 {value.month} 月 {value.day} 日" if value else "—"

    address = certificate.verify_url
    kind = certificate.training_class.get_kind_display() if certificate.training_class else ""
    return pdf.Page(
        number=certificate.number,
        grouped=certificate.grouped,
        holder=certificate.holder,
        holder_id=certificate.holder_id_masked,
        title=certificate.title,
        kind=str(kind),
        hours=f"{certificate.hours:.1f}" if certificate.hours else "",
        score=f"{certificate.score.normalize():f}" if certificate.score is not None else "",
        enterprise=certificate.enterprise_name,
        issuer=certificate.issuer,
        issued=day(timezone.localtime(certificate.issued_at).date()),
        valid_until=day(certificate.valid_until),
        review_by=day(certificate.review_by),
        verify=address,
        verify_short=(settings.ANLAN_PUBLIC_URL + reverse("certificates:verify")).split("://", 1)[-1].rstrip("/"),
        qr=pdf.qr_svg(address),
        copy=copy,
    )


# --- revoke ----------------------------------------------------------------------------------------


def people_who_may_revoke(region_code: str) -> QuerySet[User]:
    """Regulators with the power to revoke whose territory holds this region."""
    roles = [role.pk for role in Role.objects.all() if powers.REVOKE_CERTIFICATES in role.powers]
    above = [region_code[:length] for length in range(1, len(region_code) + 1)]
    return User.objects.filter(
        is_active=True, posts__until=None, posts__organisation=None, posts__role__in=roles, posts__region_code__in=above
    ).distinct()


@transaction.atomic
def ask_revocation(certificate: Certificate, *, by: User, because: str) -> Revocation:
    """Ask to revoke; a second person of the same territory decides (P-06). Raises `Refused`."""
    _must_be_in_charge(certificate, by)
    because = because.strip()
    if len(because) < 4:
        raise Refused(_("请写清注销的原因，至少 4 个字。"), code="reason", status=422, field="because")
    if Certificate.objects.revoked().filter(pk=certificate.pk).exists():
        raise Refused(_("这张证书已经注销，不用再申请。"), code="already_revoked")
    try:
        with transaction.atomic():
            revocation = Revocation.objects.create(certificate=certificate, because=because[:200], asked_by=by)
    except IntegrityError as error:
        raise Refused(_("这张证书已有一份注销申请在等复核，没有重复提交。"), code="already_asked") from error
    record("ask_revocation", certificate, by=by, region_code=certificate.region_code, because=revocation.because)
    notify(
        people_who_may_revoke(certificate.region_code).exclude(pk=by.pk),
        "revocation",
        _("注销证书等您复核：%(title)s") % {"title": certificate.title},
        text=_("%(who)s申请注销证书 %(number)s：%(why)s")
        % {"who": by.name, "number": certificate.grouped, "why": revocation.because},
        key=f"revocation:{revocation.pk}",
        url=reverse("certificates:detail", args=[certificate.pk]),
    )
    return revocation


@transaction.atomic
def decide_revocation(revocation: Revocation, *, by: User, approve: bool) -> Revocation:
    """Approve or turn down a request. The asker may take the own request back, never approve it. Raises `Refused`."""
    certificate = revocation.certificate
    _must_be_in_charge(certificate, by)
    state = log.lock()
    revocation = Revocation.objects.select_related("certificate", "asked_by").get(pk=revocation.pk)
    now = log.now_for(state)
    if approve:
        _must_be_fit(revocation, by)
    decided = Revocation.objects.filter(pk=revocation.pk, approved=None).update(
        approved=approve, decided_by=by, decided_at=now
    )
    if not decided:
        raise Refused(_("这份申请刚刚已有人处理，结果没有改动。"), code="stale")
    revocation.refresh_from_db()
    record("decide_revocation", certificate, by=by, region_code=certificate.region_code, approved=approve)
    if approve:
        _revoke(revocation, state)
    elif by.pk != revocation.asked_by_id:
        notify(
            [revocation.asked_by],
            "revocation",
            _("注销申请没有通过：%(number)s") % {"number": certificate.grouped},
            text=_("%(who)s没有同意，证书仍然有效。") % {"who": by.name},
            key=f"revocation-no:{revocation.pk}",
            url=reverse("certificates:detail", args=[certificate.pk]),
        )
    return revocation


def _must_be_in_charge(certificate: Certificate, by: User) -> None:
    if not Certificate.objects.in_charge_of(by).filter(pk=certificate.pk).exists():
        raise Refused(_("没有找到这张证书。"), code="not_found", status=404)
    if not by.may(powers.REVOKE_CERTIFICATES):
        raise Refused(_("注销证书由县级以上监管人员办理，您的身份不能办。"), code="no_power", status=403)


def _must_be_fit(revocation: Revocation, by: User) -> None:
    """The approval needs a second person, a fresh request, and an asker who could still ask."""
    if by.pk == revocation.asked_by_id:
        raise Refused(_("自己的申请要由另一个人复核，没有注销。"), code="own_request", status=403)
    if timezone.now() - revocation.asked_at > timedelta(days=REQUEST_DAYS):
        raise Refused(
            _("这份申请已超过 %(days)d 天，情况可能变了，没有注销。请退回后重新申请。") % {"days": REQUEST_DAYS},
            code="outdated",
        )
    if revocation.asked_by not in people_who_may_revoke(revocation.certificate.region_code):
        raise Refused(_("申请人已不在这个岗位，没有注销。请退回后重新申请。"), code="asker_left")


def _revoke(revocation: Revocation, state: LogState) -> None:
    at = revocation.decided_at
    assert at is not None  # noqa: S101  # written a moment ago
    changed = Certificate.objects.filter(pk=revocation.certificate_id, revoked_at=None).update(
        revoked_at=at, revoked_because=revocation.because, revoked_by=revocation.decided_by
    )
    if not changed:
        raise Refused(_("这张证书已经注销，没有重复办理。"), code="already_revoked")
    certificate = Certificate.objects.get(pk=revocation.certificate_id)
    log.append(state, certificate, LogEntry.Kind.REVOKE, log.body_of_revocation(certificate, at), at)
    _count("revoked", certificate)
    told = {certificate.user_id, revocation.asked_by_id, *_managers_of(certificate.enterprise_id)}
    title = _("证书已注销：%(title)s") % {"title": certificate.title}
    text = _("编号 %(number)s，原因：%(why)s。注销后查验会显示“已注销”。有异议请联系当地应急管理部门。") % {
        "number": certificate.grouped,
        "why": certificate.revoked_because,
    }
    notify(
        told, "revoked", title, text=text, key=f"revoked:{certificate.number}",
        url=reverse("certificates:detail", args=[certificate.pk]),
    )  # fmt: skip


def _managers_of(enterprise_id: int | None) -> list[int]:
    if enterprise_id is None:
        return []
    roles = [role.pk for role in Role.objects.all() if powers.MANAGE_ENTERPRISE in role.powers]
    people = User.objects.filter(posts__until=None, posts__organisation_id=enterprise_id, posts__role__in=roles)
    return list(people.values_list("pk", flat=True))


# --- print -----------------------------------------------------------------------------------------


@transaction.atomic
def start_batch(certificates: Iterable[Certificate], *, by: User) -> PrintBatch:
    """Ask for several certificates in one file. Raises `Refused` (422) for none, too many, or none signed yet."""
    ids = [certificate.pk for certificate in certificates if certificate.pdf_id is not None]
    if not ids:
        raise Refused(_("请先选出要打印的证书；正在签发的要等签好。"), code="nothing_chosen", status=422)
    if len(ids) > PrintBatch.LIMIT:
        raise Refused(
            _("一次最多打印 %(limit)d 张，现在选了 %(n)d 张。请用筛选条件分几次。")
            % {"limit": PrintBatch.LIMIT, "n": len(ids)},
            code="too_many",
            status=422,
        )
    batch = PrintBatch.objects.create(by=by, certificate_ids=ids, total=len(ids))
    region = by.post.region_code if by.post else ""
    record("print_certificates", ("certificates.printbatch", str(batch.uid), ""), by=by, region_code=region, n=len(ids))
    return batch


def keep_batch(batch: PrintBatch, file: Blob) -> None:
    """The file of a batch is ready."""
    PrintBatch.objects.filter(pk=batch.pk, file__isnull=True).update(file=file, done=batch.total)
