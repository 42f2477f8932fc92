"""Root addresses. Each app brings its own under its noun."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from anlan.ui.caching import open_form

urlpatterns = [
    path("", include("anlan.portal.urls")),
    path("", include("anlan.supervision.urls")),
    path("", include("anlan.operations.urls")),
    path("", include("anlan.certificates.urls")),
    path("", include("anlan.exams.urls")),
    path("", include("anlan.training.urls")),
    path("", include("anlan.hazards.urls")),
    path("", include("anlan.ledgers.urls")),
    path("", include("anlan.agencies.urls")),
    path("", include("anlan.enterprises.urls")),
    path("", include("anlan.content.urls")),
    path("", include("anlan.law.urls")),
    path("", include("anlan.notifications.urls")),
    path("", include("anlan.accounts.urls")),
    path("", include("anlan.search.urls")),
    path("", include("anlan.audit.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/setlang/", login_not_required(open_form(set_language)), name="set_language"),
]
handler404 = "anlan.ui.views.not_found"
handler500 = "anlan.ui.views.broken"
