"""Addresses of the portal."""

from django.urls import path

from anlan.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.index, name="index"),
    path("home/", views.home, name="home"),
    path("find/", views.find, name="find"),
    path("menu/", views.menu, name="menu"),
    path("go/", views.go, name="go"),
    path("elder/", views.elder, name="elder"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("privacy/", views.privacy, name="privacy"),
]
