"""The self-check in the demo: the forge checked itself twice, the bakery once; one check is begun."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from anlan.accounts.models import User
from anlan.operations.demo.cast import Cast
from anlan.supervision.actions.selfcheck import answer_section, finish_check, start_check
from anlan.supervision.models import SelfCheck
from anlan.supervision.selfcheck.questionnaires import questions_of

FIRST = {"b-charge": "no", "m-lock": "no", "h-drill": "no", "o-exam": "unknown", "m-stop": "unknown", "p-record": "no", "f-tools": "no"}  # fmt: skip
SECOND = {"m-lock": "no", "o-exam": "no", "q-inspect": "unknown"}


def lay_selfcheck(cast: Cast) -> None:
    """Lay two finished checks of the forge ninety days apart and a begun one of the bakery. Safe to run again."""
    if SelfCheck.objects.filter(enterprise_id__in=(cast.forge.pk, cast.bakery.pk)).exists():
        return
    old = _check(cast.manager, "machining", FIRST)
    SelfCheck.objects.filter(pk=old.pk).update(done_at=timezone.now() - timedelta(days=90))
    _check(cast.manager, "machining", SECOND)
    begun = start_check("general", by=cast.other_boss)
    answer_section(begun, 0, {question["key"]: "no" for question in questions_of(begun.body)})


def _check(user: User, code: str, other: dict[str, str]) -> SelfCheck:
    check = start_check(code, by=user)
    for section in range(len(check.body["sections"])):
        answer_section(check, section, {q["key"]: other.get(q["key"], "yes") for q in questions_of(check.body)})
    return finish_check(check, by=user)
