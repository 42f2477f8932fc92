"""Which articles the rules of the risk policies rest on, for the law to show and to watch."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from anlan.enterprises.models import RiskPolicy
from anlan.law.actions.citing import Cite


def citations() -> Iterator[Cite]:
    """Every rule of the policies in force that names its source."""
    for region, policy in RiskPolicy.objects.in_force(timezone.localdate()).items():
        for rule in policy.rules:
            if rule.get("source"):
                url = reverse("enterprises:policies")
                yield Cite(f"policy:{region}:{rule['key']}", f"分级规则：{rule['label']}", (rule["source"],), url)
