"""Addresses of the search app."""

from django.urls import path

from anlan.search.views import quality, results, terms

app_name = "search"
urlpatterns = [
    path("search/", results.results, name="results"),
    path("search/suggest/", results.suggest, name="suggest"),
    path("search/open/", results.click, name="click"),
    path("search/terms/", terms.term_list, name="terms"),
    path("search/terms/new/", terms.new, name="term_new"),
    path("search/terms/<int:pk>/", terms.edit, name="term"),
    path("search/terms/<int:pk>/switch/", terms.switch, name="term_switch"),
    path("search/quality/", quality.report, name="quality"),
    path("search/quality/table/", quality.table, name="quality_table"),
]
