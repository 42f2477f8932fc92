"""Addresses of risk rules, grades, risk points and the four-colour map."""

from django.urls import path

from anlan.enterprises.views import policies, policy, risk_points

policy_urls = [
    path("enterprises/policy/", policy.policy, name="policy"),
    path("enterprises/<int:pk>/policy/", policy.policy_of, name="policy-of"),
    path("enterprises/<int:pk>/policy/regrade/", policy.policy_regrade, name="policy-regrade"),
    path("enterprises/policies/", policies.policy_list, name="policies"),
    path("enterprises/policies/<int:pk>/", policies.policy_version, name="policy-version"),
    path("enterprises/policies/<int:pk>/copy/", policies.policy_copy, name="policy-copy"),
    path("enterprises/policies/<int:pk>/edit/", policies.policy_edit, name="policy-edit"),
    path("enterprises/policies/<int:pk>/try/", policies.policy_try, name="policy-try"),
    path("enterprises/policies/<int:pk>/drop/", policies.policy_drop, name="policy-drop"),
    path("enterprises/<int:pk>/risks/", risk_points.risk_list, name="risks"),
    path("enterprises/<int:pk>/risks/new/", risk_points.risk_new, name="risk-new"),
    path("enterprises/<int:pk>/risks/cards.pdf", risk_points.risk_cards, name="risk-cards"),
    path("enterprises/risks/<int:pk>/", risk_points.risk_edit, name="risk"),
    path("enterprises/risks/<int:pk>/retire/", risk_points.risk_retire, name="risk-retire"),
    path("enterprises/plans/<int:pk>/", risk_points.plan, name="plan"),
    path("enterprises/plans/<int:pk>/picture/", risk_points.plan_picture, name="plan-picture"),
    path("enterprises/plans/<int:pk>/map.pdf", risk_points.plan_pdf, name="plan-pdf"),
    path("enterprises/plans/<int:pk>/remove/", risk_points.plan_remove, name="plan-remove"),
]
