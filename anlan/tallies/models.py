"""Counters per subject, measure and month, and their roll-ups by territory and industry.

Facts append a `Delta` in their own transaction (no row is hot); the worker folds deltas into `Tally` and `Rollup` and
deletes them. The wall, warnings and overviews read roll-ups only.
"""

from collections.abc import Iterable
from datetime import date

from django.db import models
from django.db.models import Q, Sum


class Delta(models.Model):
    """An unfolded increment."""

    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    measure = models.CharField(max_length=40)
    month = models.DateField(help_text="first day of the month")
    region_code = models.CharField(max_length=24)
    industry = models.CharField(max_length=8, blank=True)
    amount = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.measure} {self.amount:+d}"


class Tally(models.Model):
    """The counter of one subject and month."""

    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    measure = models.CharField(max_length=40)
    month = models.DateField()
    region_code = models.CharField(max_length=24)
    industry = models.CharField(max_length=8, blank=True)
    amount = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "measure", "month"], name="one_tally"),
        ]
        indexes = [models.Index(fields=["measure", "region_code", "month"])]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id} {self.measure} {self.month:%Y-%m}: {self.amount}"


class RollupQuerySet(models.QuerySet["Rollup"]):
    """Reads over roll-ups. Who may read which region is decided by the caller, which knows the territory."""

    def sums(
        self, regions: Iterable[str], *, since: date, until: date, industry: str = "", stocks: Iterable[str] = ()
    ) -> dict[str, dict[str, int]]:
        """Return {region: {measure: sum}} over the months from `since` to `until`, both included.

        Measures named in `stocks` (people employed, say) are summed from the beginning of time, for they only change
        by plus and minus. One query.
        """
        rows = (
            self.filter(
                Q(month__gte=since) | Q(measure__in=list(stocks)),
                region_code__in=list(regions),
                month__lte=until,
                industry=industry,
            )
            .values_list("region_code", "measure")
            .annotate(total=Sum("amount"))
        )
        found: dict[str, dict[str, int]] = {}
        for region, measure, total in rows:
            found.setdefault(region, {})[measure] = total
        return found


class Rollup(models.Model):
    """The sum over one region and everything inside it, one measure, month and industry section ("" = all)."""

    region_code = models.CharField(max_length=24)
    measure = models.CharField(max_length=40)
    month = models.DateField()
    industry = models.CharField(max_length=8, blank=True)
    amount = models.BigIntegerField(default=0)

    objects = RollupQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["region_code", "measure", "month", "industry"], name="one_rollup"),
        ]

    def __str__(self) -> str:
        return f"{self.region_code} {self.measure} {self.month:%Y-%m}: {self.amount}"
