"""Addresses that everybody reads."""

from django.urls import URLPattern, path

from anlan.content.views import knowledge, site

site_urls: list[URLPattern] = [
    path("news/", site.news, name="news"),
    path("news/<str:slug>/", site.article, name="article"),
    path("cases/", site.cases, name="cases"),
    path("cases/<str:slug>/", site.case, name="case"),
    path("faq/", site.faq, name="faq"),
    path("faq/<str:slug>/", site.question, name="question"),
    path("downloads/", site.downloads, name="downloads"),
    path("downloads/<str:slug>/", site.download, name="download"),
    path("downloads/<str:slug>/file/", site.download_file, name="download-file"),
    path("zones/", site.zones, name="zones"),
    path("zones/<str:slug>/", site.zone, name="zone"),
    path("pictures/<int:pk>/", site.cover, name="cover"),
    path("films/<int:pk>/", site.film, name="film"),
    path("knowledge/", knowledge.cards, name="knowledge"),
    path("knowledge/sw.js", knowledge.worker, name="knowledge-worker"),
    path("knowledge/<str:slug>/", knowledge.card, name="card"),
]
