"""Addresses of audit."""

from django.urls import path

from anlan.audit import views

app_name = "audit"
urlpatterns = [
    path("audit/", views.record_list, name="list"),
    path("audit/verify/", views.verify, name="verify"),
    path("audit/export/", views.export, name="export"),
]
