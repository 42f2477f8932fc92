"""How the platform is doing, for the operator; and the health address for a balancer."""

import shutil

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_tasks_db.models import DBTaskResult

from anlan.accounts import powers
from anlan.accounts.views.who import signed_in
from anlan.audit.models import Record
from anlan.lib.errors import Refused
from anlan.tallies.models import Delta
from anlan.training.models import Beat, Recording


@require_GET
def status(request: HttpRequest) -> HttpResponse:
    """Queues, background tasks, disk: counts only, no personal data."""
    if not signed_in(request).may(powers.OPERATE):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    disk = shutil.disk_usage(settings.VAR_DIR)
    tasks = {row["status"]: row["n"] for row in DBTaskResult.objects.values("status").annotate(n=Count("pk"))}
    context = {
        "queues": (
            (_("学习心跳待折算"), Beat.objects.count(), 5000),
            (_("计数待汇总"), Delta.objects.count(), 5000),
            (_("操作记录待封存"), Record.objects.filter(position__isnull=True).count(), 1000),
            (_("录像待转码"), Recording.objects.filter(state__in=("queued", "encoding", "reading")).count(), 20),
        ),
        "tasks": tasks,
        "failed": DBTaskResult.objects.filter(status="FAILED").order_by("-finished_at")[:10],
        "recordings": Recording.objects.filter(state=Recording.State.FAILED).order_by("-pk")[:10],
        "disk_free_gb": disk.free // 10**9,
        "disk_percent": round(100 * disk.used / disk.total),
        "database": connection.vendor,
        "last_finished": DBTaskResult.objects.aggregate(last=Max("finished_at"))["last"],
        "as_of": timezone.now(),
    }
    return render(request, "operations/status.html", context)


@login_not_required
@never_cache
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers; for balancers and watchers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True})
