"""The transcript 成绩单 as a PDF."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings

TEMPLATE: Final = Path(__file__).parent / "templates" / "exams" / "transcript.typ"


@lru_cache(maxsize=1)
def _compiler() -> Any:
    compiler: Any = typst.Compiler
    return compiler(input=str(TEMPLATE), font_paths=[str(settings.WEB_DIST / "fonts")], ignore_system_fonts=True)


def transcript_pdf(facts: dict[str, Any]) -> bytes:
    """Return the PDF of these facts (all text, JSON): see the template for their names."""
    pdf = _compiler().compile(format="pdf", sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)})
    return bytes(pdf)
