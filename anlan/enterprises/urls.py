"""Addresses of enterprises."""

from django.urls import path

from anlan.enterprises.views import board, files, rosters, workers

app_name = "enterprises"
urlpatterns = [
    path("enterprise/", files.mine, name="mine"),
    path("enterprise/edit/", files.edit, name="edit"),
    path("enterprise/industries/", files.industry_choices, name="industries"),
    path("enterprises/", board.enterprise_list, name="list"),
    path("enterprises/export/", board.export_start, name="export-new"),
    path("enterprises/exports/<int:pk>/", board.export_page, name="export"),
    path("enterprises/exports/<int:pk>/file/", board.export_file, name="export-file"),
    path("enterprises/<int:pk>/", files.detail, name="detail"),
    path("enterprises/<int:pk>/contact/", files.contact, name="contact"),
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
