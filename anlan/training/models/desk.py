"""Notes of learners and their questions to the teacher."""

from __future__ import annotations

from django.db import models

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.training.models.courses import Lesson


class LessonNoteQuerySet(models.QuerySet["LessonNote"]):
    """Reads over notes."""

    def visible_to(self, user: User) -> LessonNoteQuerySet:
        """Return one's own: notes are private."""
        return self.filter(user=user)


class LessonNote(models.Model):
    """A private note at a moment of a lesson."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="notes")
    at_ms = models.PositiveIntegerField()
    text = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LessonNoteQuerySet.as_manager()

    def __str__(self) -> str:
        return self.text


class LessonQuestionQuerySet(models.QuerySet["LessonQuestion"]):
    """Reads over questions to the teacher."""

    def visible_to(self, user: User) -> LessonQuestionQuerySet:
        """Return one's own; to a teacher, those on the courses of the organisation."""
        if user.may(powers.TEACH) and user.post is not None:
            return self.filter(lesson__course__owner_id=user.post.organisation_id)
        return self.filter(user=user)


class LessonQuestion(models.Model):
    """A question to the teacher and its answer."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="questions")
    at_ms = models.PositiveIntegerField(default=0)
    text = models.CharField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = LessonQuestionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.text
