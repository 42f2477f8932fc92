"""Addresses of operations."""

from django.urls import path

from anlan.operations import views

app_name = "operations"
urlpatterns = [
    path("operations/", views.status, name="status"),
    path("health/", views.health, name="health"),
]
