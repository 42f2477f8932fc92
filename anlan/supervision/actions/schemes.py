"""The weights of a territory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Region, User
from anlan.audit.actions import record
from anlan.lib.errors import Refused
from anlan.supervision.models import Scheme, sets_rules
from anlan.supervision.performance.cases import next_month
from anlan.supervision.performance.indicators import DEFAULTS

MOST_MONTHS_AHEAD = 12


@transaction.atomic
def set_weights(
    kind: str, region: Region, *, by: User, weights: Mapping[str, int], valid_from: date, because: str
) -> Scheme:
    """Set the weights (percent, sum 100) of a kind in a region from a coming month on; the same again is no new row.

    What has begun keeps its weights: people must know on the first day what they will be measured by. Raises `Refused`
    (403 not theirs; 422: a month that has begun, not these indicators, below 0, sum not 100, no reason).
    """
    if not sets_rules(by, region.code):
        raise Refused(_("权重由本辖区的监管管理员来定。"), code="not_yours", status=403)
    if kind not in DEFAULTS or set(weights) != set(DEFAULTS[kind]) or any(weight < 0 for weight in weights.values()):
        raise Refused(_("每项指标都要有 0 到 100 的权重。"), code="bad_weights", status=422)
    total = sum(weights.values())
    if total != 100:
        raise Refused(_("权重加起来是 %(n)d，要等于 100。") % {"n": total}, code="not_hundred", status=422)
    first = next_month(timezone.localdate().replace(day=1))
    if valid_from.day != 1 or not first <= valid_from <= first.replace(year=first.year + 1):
        raise Refused(
            _("新权重最早从 %(y)d 年 %(m)d 月起。已经开始的月份按原来的算。") % {"y": first.year, "m": first.month},
            code="too_early",
            status=422,
            field="valid_from",
        )
    if not because.strip():
        raise Refused(_("请写为什么这样定，被考评的人都看得到。"), code="no_reason", status=422, field="because")
    same = Scheme.objects.filter(kind=kind, region_code=region.code, valid_from=valid_from).order_by("-pk").first()
    if same is not None and same.weights == dict(weights):
        return same
    scheme = Scheme.objects.create(
        kind=kind,
        region_code=region.code,
        valid_from=valid_from,
        weights=dict(weights),
        because=because.strip()[:300],
        made_by=by,
    )
    record(
        "set_weights",
        scheme,
        by=by,
        region_code=region.code,
        valid_from=valid_from.isoformat(),
        weights=scheme.weights,
        reason=scheme.because,
    )
    return scheme
