"""Question bank, blueprints, exams and sittings."""

from anlan.exams.models.bank import Blueprint, Question
from anlan.exams.models.exams import Exam
from anlan.exams.models.sittings import Answer, Sitting

__all__ = ["Answer", "Blueprint", "Exam", "Question", "Sitting"]
