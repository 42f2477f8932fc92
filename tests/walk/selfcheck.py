"""The self-check of a firm, one that belongs to nobody, a shared result; practice for anyone."""

from typing import Any

from anlan.exams import practice
from anlan.exams.models import Question
from anlan.operations.demo.cast import Cast
from anlan.supervision.actions.selfcheck import answer_section, finish_check, share_check, start_check
from anlan.supervision.models import SelfCheck
from anlan.supervision.selfcheck.questionnaires import questions_of
from tests.walk.people import EVERYONE, FIRM

ALLOWED = {
    "supervision:selfchecks": ("GET", "", EVERYONE),
    "supervision:selfcheck": ("GET", "industry_asked", EVERYONE),
    "supervision:selfcheck-run": ("GET", "firm_check", FIRM),
    "supervision:selfcheck-result": ("GET", "firm_check", FIRM),
    "supervision:selfcheck-pdf": ("GET", "firm_check", FIRM),
    "supervision:selfcheck-step": ("POST", "firm_check_step", FIRM),
    "supervision:selfcheck-shared": ("GET", "shared_check", EVERYONE),
    "exams:practice-start": ("POST", "", EVERYONE),
    "exams:practice": ("GET", "practice", EVERYONE),
    "exams:practice-result": ("GET", "practice", EVERYONE),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return a finished check of the forge, shared, and a paper to practise on."""
    check = start_check("machining", by=cast.manager)
    for section in range(len(check.body["sections"])):
        answer_section(check, section, {question["key"]: "yes" for question in questions_of(check.body)})
    check = share_check(finish_check(check, by=cast.manager), True, by=cast.manager)
    assert SelfCheck.objects.filter(enterprise_id=cast.forge.pk).exists()
    token = practice.token_for("走查", Question.objects.live().order_by("pk").values_list("pk", flat=True)[:3])
    return {
        "industry_asked": ["kitchen"], "firm_check": [check.key], "firm_check_step": [check.key, "share"],
        "shared_check": [check.share_key], "practice": [token],
    }  # fmt: skip
