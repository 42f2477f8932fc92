"""Addresses of the content app: what everybody reads, and the desks where it is written, reviewed and collected."""

from django.urls import URLPattern

from anlan.content.urls_desk import desk_urls
from anlan.content.urls_readers import reader_urls
from anlan.content.urls_site import site_urls

app_name = "content"
urlpatterns: list[URLPattern] = [*site_urls, *desk_urls, *reader_urls]
