"""The result of a self-check as a PDF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.lib.numerals import article
from anlan.supervision.models import SelfCheck
from anlan.supervision.selfcheck.judging import judge

SHEET: Final = Path(__file__).parent / "result.typ"


def result_pdf(check: SelfCheck, severities: dict[str, str]) -> bytes:
    """The gaps with article and penalty, a column to write in who closes it by when, and what is not known."""
    verdict = judge(check.body, check.answers)

    def row(gap: dict[str, Any]) -> list[str]:
        cites = "、".join(article(reference) for reference in gap["cites"])
        return [gap["gap"], gap["text"], cites, gap["penalty"]["words"] if gap["penalty"] else ""]

    groups = [
        {"title": words, "rows": [row(gap) for gap in verdict.gaps if gap["severity"] == name]}
        for name, words in severities.items()
    ]
    groups.append({"title": _("先弄清楚"), "rows": [row(gap) for gap in verdict.unsure]})
    facts = {
        "title": _("合规自查结果"), "firm": str(check.enterprise or ""), "name": check.body["title"],
        "made": f"{timezone.localtime(check.done_at):%Y-%m-%d %H:%M}" if check.done_at else "",
        "score": _("得分 %(n)s") % {"n": "—" if verdict.score is None else verdict.score},
        "sum": _("差距 %(a)d 项，说不清 %(b)d 项，做到 %(c)d 项") % {"a": len(verdict.gaps), "b": len(verdict.unsure), "c": verdict.good},
        "head": [_("差距和应当做到的"), _("依据和不改的后果"), _("谁改、哪天前改完")],
        "groups": [group for group in groups if group["rows"]], "none": _("没有发现差距。"),
        "foot": _("企业自己填写，供内部改进用，不是检查结论。条文以官方公布文本为准。"),
    }  # fmt: skip
    made = typst.compile(
        str(SHEET), root=str(SHEET.parent), font_paths=[str(settings.WEB_DIST / "fonts")], format="pdf",
        sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
    )  # fmt: skip
    return bytes(made)
