"""Root addresses. Each app brings its own under its noun."""

from django.urls import include, path

urlpatterns = [
    path("", include("anlan.portal.urls")),
    path("", include("anlan.supervision.urls")),
    path("", include("anlan.operations.urls")),
    path("", include("anlan.certificates.urls")),
    path("", include("anlan.exams.urls")),
    path("", include("anlan.training.urls")),
    path("", include("anlan.enterprises.urls")),
    path("", include("anlan.notifications.urls")),
    path("", include("anlan.accounts.urls")),
    path("", include("anlan.audit.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
handler404 = "anlan.ui.views.not_found"
handler500 = "anlan.ui.views.broken"
