"""Addresses of enterprises."""

from django.urls import path

from anlan.enterprises.urls_file import file_urls
from anlan.enterprises.urls_firms import firm_urls
from anlan.enterprises.urls_policy import policy_urls
from anlan.enterprises.views import grids, rosters, workers

app_name = "enterprises"
urlpatterns = [
    path("grids/<slug:code>/split/", grids.grid_split, name="grid-split"),
    path("grids/<slug:code>/merge/", grids.grid_merge, name="grid-merge"),
    *file_urls,
    *firm_urls,
    *policy_urls,
    path("workers/", workers.worker_list, name="workers"),
    path("workers/assign/", workers.assign, name="workers-assign"),
    path("workers/new/", workers.new, name="worker-new"),
    path("workers/<int:pk>/", workers.detail, name="worker"),
    path("workers/<int:pk>/edit/", workers.edit, name="worker-edit"),
    path("workers/<int:pk>/leave/", workers.leave, name="worker-leave"),
    path("workers/<int:pk>/return/", workers.come_back, name="worker-return"),
    path("workers/<int:pk>/number/", workers.number, name="worker-number"),
    path("rosters/", rosters.roster_list, name="rosters"),
    path("rosters/template/", rosters.template_file, name="roster-template"),
    path("rosters/<int:pk>/", rosters.detail, name="roster"),
    path("rosters/<int:pk>/progress/", rosters.progress, name="roster-progress"),
    path("rosters/<int:pk>/columns/", rosters.columns, name="roster-columns"),
    path("rosters/<int:pk>/<slug:step>/", rosters.take_step, name="roster-step"),
    path("rosters/<int:pk>/file/errors.xlsx", rosters.errors_file, name="roster-errors"),
]
