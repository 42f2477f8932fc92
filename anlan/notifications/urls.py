"""Addresses of notifications."""

from django.urls import path

from anlan.notifications import views

app_name = "notifications"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="read-all"),
    path("inbox/<int:pk>/open/", views.open_notice, name="open"),
    path("inbox/<int:pk>/read/", views.read, name="read"),
]
