"""How many messages a number received on a day: the one thing that channels remember."""

from django.db import models


class Quota(models.Model):
    """Messages sent to one number on one day; the number is a blind index, never the number itself."""

    phone_index = models.CharField(max_length=32)
    day = models.DateField()
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phone_index", "day"], name="one_quota_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.count}"
