"""Question bank, blueprints, exams and sittings."""

from anlan.exams.models.bank import Blueprint, ItemStat, Question
from anlan.exams.models.exams import Exam
from anlan.exams.models.sittings import Answer, Appeal, Sitting, SittingEvent

__all__ = ["Answer", "Appeal", "Blueprint", "Exam", "ItemStat", "Question", "Sitting", "SittingEvent"]
