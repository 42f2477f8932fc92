"""Addresses of notifications."""

from django.urls import path

from anlan.notifications.views import deliveries, inbox, preferences

app_name = "notifications"
urlpatterns = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="read-all"),
    path("inbox/<int:pk>/open/", inbox.open_notice, name="open"),
    path("inbox/<int:pk>/read/", inbox.read, name="read"),
    path("me/notices/", preferences.preferences, name="preferences"),
    path("me/notices/email/", preferences.email, name="email"),
    path("letters/confirm/<str:token>/", preferences.confirm, name="confirm"),
    path("letters/stop/<str:token>/", preferences.unsubscribe, name="unsubscribe"),
    path("deliveries/", deliveries.deliveries, name="deliveries"),
    path("deliveries/<int:pk>/resend/", deliveries.resend, name="resend"),
]
