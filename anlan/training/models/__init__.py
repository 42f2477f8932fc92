"""Courses, lessons, classes, progress and hours."""

from anlan.training.models.classes import ClassCourse, ClassExport, Enrolment, TrainingClass
from anlan.training.models.courses import (
    Course,
    CourseCase,
    CourseDocument,
    CourseTag,
    Lesson,
    LessonPrompt,
    Rating,
    Recording,
    Tag,
)
from anlan.training.models.desk import LessonNote, LessonQuestion
from anlan.training.models.hours import HourEntry, HourRule, learnt_from
from anlan.training.models.progress import Beat, LearningSession, Lease, LessonProgress

__all__ = [
    "Beat",
    "ClassCourse",
    "ClassExport",
    "Course",
    "CourseCase",
    "CourseDocument",
    "CourseTag",
    "Enrolment",
    "HourEntry",
    "HourRule",
    "LearningSession",
    "Lease",
    "Lesson",
    "LessonNote",
    "LessonProgress",
    "LessonPrompt",
    "LessonQuestion",
    "Rating",
    "Recording",
    "Tag",
    "TrainingClass",
    "learnt_from",
]
