"""What happens in the background: issue what is due, sign, sign the head of the log, remind, gather for printing."""

import logging
import tempfile
import zipfile
from datetime import date, timedelta
from typing import Final

from django.db import IntegrityError
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from anlan.certificates import actions, log, pdf, rules
from anlan.certificates.models import Certificate, PrintBatch
from anlan.files.actions import open_blob, store
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

logger = logging.getLogger(__name__)
BATCH: Final = 200
REMIND_DAYS: Final = (60, 30, 7)
ALIVE: Final = timedelta(minutes=2)


def issue_due() -> int:
    """Issue every certificate that is due and sign what waits; return how many were issued. Runs every few seconds.

    Any number of workers may run it: each certificate is issued by the first that holds the end of the log.
    """
    issued = 0
    for enrolment in rules.waiting_for_certificate(BATCH):
        try:
            actions.issue_certificate(enrolment)
            issued += 1
        except (Refused, IntegrityError) as refusal:  # another worker was faster, or the facts changed meanwhile
            logger.info("no certificate for enrolment %s: %s", enrolment.pk, refusal)
    sign_waiting()
    return issued


def sign_waiting() -> int:
    """Sign the PDFs of certificates that wait for one and whose leaf the newest head covers; return how many."""
    waiting = Certificate.objects.filter(pdf__isnull=True)
    if not waiting.exists():
        return 0
    head = log.sign_head()
    if head is None:
        return 0
    covered = waiting.filter(log_entries__kind="issue", log_entries__position__lt=head.size)
    signed = 0
    for certificate in covered.select_related("training_class").order_by("pk")[:BATCH]:
        try:
            signed += actions.sign_certificate(certificate, head)
        except Exception:  # one certificate that cannot be drawn must not hold up the others
            logger.exception("certificate %s could not be signed", certificate.number)
    return signed


def sign_head() -> None:
    """Sign the head of the log when it grew, at most every few seconds."""
    log.sign_head()


def remind_expiring() -> int:
    """Remind holders 60, 30 and 7 days before the end, each once; return how many messages are new. Runs daily."""
    today, sent = timezone.localdate(), 0
    for days, below in zip(REMIND_DAYS, (*REMIND_DAYS[1:], -1), strict=True):
        within = Q(valid_until__lte=today + timedelta(days=days), valid_until__gt=today + timedelta(days=below))
        for certificate in Certificate.objects.in_force(today).filter(within).iterator():
            sent += _remind(certificate, days, today)
    return sent


def _remind(certificate: Certificate, days: int, today: date) -> int:
    return notify(
        [certificate.user_id],
        "certificate_expiring",
        _("证书还有 %(days)d 天到期：%(title)s")
        % {"days": (certificate.valid_until - today).days, "title": certificate.title},
        text=_("有效期至 %(until)s。请联系单位安排复训，复训合格后会发新证书。")
        % {"until": certificate.valid_until.isoformat()},
        key=f"certificate-expiring:{certificate.number}:{days}",
        url=reverse("certificates:mine"),
    )


# --- printing ----------------------------------------------------------------------------------------


@task()
def gather_batch(pk: int) -> None:
    """Gather the signed PDFs of a batch and one file for the printer into a ZIP. Safe to start again."""
    now = timezone.now()
    claimable = Q(beat_at=None) | Q(beat_at__lt=now - ALIVE)
    if not PrintBatch.objects.filter(claimable, pk=pk, file__isnull=True).update(beat_at=now, done=0):
        return
    batch = PrintBatch.objects.get(pk=pk)
    certificates = list(
        Certificate.objects.filter(pk__in=batch.certificate_ids).select_related("training_class", "pdf").order_by("pk")
    )
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for n, certificate in enumerate(certificates, 1):
                if certificate.pdf is not None:
                    with open_blob(certificate.pdf) as signed:
                        archive.writestr(f"{certificate.number} {certificate.holder}.pdf", signed.read())
                if n % 10 == 0:
                    PrintBatch.objects.filter(pk=pk).update(done=n, beat_at=timezone.now())
            pages = [actions.page_of(certificate, copy=True) for certificate in certificates]
            archive.writestr(_("打印用合集.pdf"), pdf.render(pages, made_at=timezone.now()))
        file.seek(0)
        blob = store(
            file,
            name=_("证书 %(n)d 张.zip") % {"n": batch.total},
            owner=("certificates.printbatch", str(batch.uid)),
            by_id=batch.by_id,
            max_mb=500,
        )
    actions.keep_batch(batch, blob)


def requeue_batches() -> int:
    """Start those batches again whose process died; return how many. Runs every minute."""
    dead = PrintBatch.objects.filter(file__isnull=True, created_at__gt=timezone.now() - timedelta(days=1))
    stale = timezone.now() - ALIVE
    lost = dead.filter(Q(beat_at__lt=stale) | Q(beat_at=None, created_at__lt=stale))
    for pk in (pks := list(lost.values_list("pk", flat=True))):
        gather_batch.enqueue(pk)
    return len(pks)
