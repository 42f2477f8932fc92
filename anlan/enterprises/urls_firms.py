"""Addresses of the list of firms, its map, and what is done with many of them or with one as a whole."""

from django.urls import path

from anlan.enterprises.views import board, extracts, map, moving

firm_urls = [
    path("enterprises/", board.enterprise_list, name="list"),
    path("enterprises/views/", board.views_fragment, name="list-views"),
    path("enterprises/views/save/", board.view_save, name="list-view-save"),
    path("enterprises/views/<int:pk>/rename/", board.view_rename, name="list-view-rename"),
    path("enterprises/views/<int:pk>/delete/", board.view_delete, name="list-view-delete"),
    path("enterprises/export/", board.export_start, name="export-new"),
    path("enterprises/exports/<int:pk>/", board.export_page, name="export"),
    path("enterprises/exports/<int:pk>/file/", board.export_file, name="export-file"),
    path("enterprises/map/", map.page, name="map"),
    path("enterprises/map/marks/", map.marks, name="map-marks"),
    path("enterprises/move/", moving.move, name="move"),
    path("enterprises/tag/", moving.tag, name="tag"),
    path("enterprises/<int:pk>/change/", moving.change, name="change"),
    path("enterprises/<int:pk>/merge/", moving.merge, name="merge"),
    path("enterprises/<int:pk>/close/", moving.close, name="close"),
    path("enterprises/<int:pk>/reopen/", moving.reopen, name="reopen"),
    path("enterprises/<int:pk>/delete/", moving.delete, name="delete"),
    path("enterprises/extracts/", extracts.extract_list, name="extracts"),
    path("enterprises/extracts/template/", extracts.template_file, name="extract-template"),
    path("enterprises/extracts/<int:pk>/", extracts.detail, name="extract"),
    path("enterprises/extracts/<int:pk>/progress/", extracts.progress, name="extract-progress"),
    path("enterprises/extracts/<int:pk>/columns/", extracts.columns, name="extract-columns"),
    path("enterprises/extracts/<int:pk>/answers/", extracts.answers, name="extract-answers"),
    path("enterprises/extracts/<int:pk>/file/errors.xlsx", extracts.errors_file, name="extract-errors"),
    path("enterprises/extracts/<int:pk>/<slug:step>/", extracts.take_step, name="extract-step"),
]
