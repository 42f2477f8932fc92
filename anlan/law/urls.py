"""Addresses of the law app. Slugs are Chinese; an article has its number: /law/安全生产法/28/, /law/消防法/6-1/."""

from django.urls import path, register_converter

from anlan.law.views import articles, comparing, desk, staleness, statutes


class RefConverter:
    """28, or 6-1 for 第六条之一."""

    regex = "[1-9][0-9]{0,3}(?:-[1-9][0-9]?)?"

    def to_python(self, value: str) -> str:
        """Keep it as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Keep it as it is."""
        return value


register_converter(RefConverter, "ref")

app_name = "law"
urlpatterns = [
    path("law/", statutes.listing, name="statutes"),
    path("law/desk/", desk.desk, name="desk"),
    path("law/desk/imports/<int:pk>/", desk.run, name="import"),
    path("law/desk/imports/<int:pk>/progress/", desk.progress, name="import-progress"),
    path("law/desk/imports/<int:pk>/report.csv", desk.report, name="import-report"),
    path("law/desk/imports/<int:pk>/retry/", desk.retry, name="import-retry"),
    path("law/desk/versions/<int:pk>/", desk.check, name="check"),
    path("law/desk/stale/", staleness.stale, name="stale"),
    path("law/desk/stale/<int:pk>/", staleness.review, name="review"),
    path("law/<str:slug>/", statutes.statute, name="statute"),
    path("law/<str:slug>/go/", articles.go, name="go"),
    path("law/<str:slug>/compare/", comparing.compare, name="compare"),
    path("law/<str:slug>/v/<str:key>/", statutes.version, name="version"),
    path("law/<str:slug>/v/<str:key>/<ref:ref>/", articles.article_in, name="article_in"),
    path("law/<str:slug>/<ref:ref>/", articles.article, name="article"),
    path("law/<str:slug>/<ref:ref>/similar/", articles.similar, name="similar"),
    path("law/<str:slug>/<ref:ref>/qr.svg", articles.qr, name="qr"),
]
