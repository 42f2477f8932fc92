"""Addresses of supervision."""

from django.urls import path

from anlan.supervision import views

app_name = "supervision"
urlpatterns = [
    path("overview/", views.overview, name="overview"),
    path("overview/<str:code>/", views.overview, name="region"),
]
