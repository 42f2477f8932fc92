"""Lays the scene of the journeys inside a fresh house: the demo, and one course short enough to watch in a test."""

import tomllib
from pathlib import Path

from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from anlan.exams.actions.bank import import_questions
from anlan.exams.actions.blueprints import save_blueprint
from anlan.exams.questions import Draft
from anlan.law.actions.guides import install_guides
from anlan.law.actions.naming import name_statutes
from anlan.operations.demo import lay_demo
from anlan.operations.demo.cast import lay_cast
from anlan.training.actions.encoding import work_on
from anlan.training.actions.packages import import_package

TINY = Path("tests/journeys/tiny")

call_command("regions", "load", "41", verbosity=0)
lay_demo()
cast = lay_cast()
course = import_package(TINY, owner=cast.school, by=None, published=True)
for recording in course.recordings.all():
    work_on(recording.pk)
questions = tomllib.loads((TINY / "questions.toml").read_text(encoding="utf-8"))["questions"]
import_questions([Draft.from_toml(row) for row in questions], course=course, by=None, owner=cast.school)
save_blueprint(
    title="灭火器小考", minutes=10, pass_mark=80, is_public=True, course=course, by=None, owner=cast.school,
    rules=[
        {"kind": "single", "count": 1, "points": 20}, {"kind": "true_false", "count": 1, "points": 20},
        {"kind": "multiple", "count": 1, "points": 20}, {"kind": "fill", "count": 1, "points": 20},
        {"kind": "case", "count": 1, "points": 20},
    ],
)  # fmt: skip
name_statutes()
install_guides()
DBTaskResult.objects.filter(queue_name="media").delete()
