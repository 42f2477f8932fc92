"""Addresses of hazards: list, life, board, statistics, notices, penalties, calendar."""

from django.urls import path

from anlan.hazards.views import board, hazards, verbs

hazard_urls = [
    path("hazards/", hazards.hazard_list, name="list"),
    path("hazards/new/", hazards.hazard_new, name="new"),
    path("hazards/views/", hazards.save_view, name="view-save"),
    path("hazards/views/<int:pk>/drop/", hazards.drop_view, name="view-drop"),
    path("hazards/export/", hazards.export_start, name="export-new"),
    path("hazards/exports/<int:pk>/", hazards.export_page, name="export"),
    path("hazards/exports/<int:pk>/file/", hazards.export_file, name="export-file"),
    path("overdue/", board.board, name="board"),
    path("hazards/statistics/", board.statistics, name="statistics"),
    path("hazards/calendar/", board.holidays, name="holidays"),
    path("hazards/calendar/<str:day>/drop/", board.holiday_drop, name="holiday-drop"),
    path("hazards/orders/<int:pk>/", board.order_file, name="order"),
    path("hazards/firms/<int:pk>/orders/", board.orders, name="orders"),
    path("hazards/firms/<int:pk>/penalties/", board.penalties, name="penalties"),
    path("hazards/penalties/<int:pk>/file/", board.penalty_file, name="penalty-file"),
    path("hazards/<int:pk>/", hazards.hazard_page, name="detail"),
    path("hazards/<int:pk>/photos/<int:photo_id>/", hazards.hazard_photo, name="photo"),
    path("hazards/<int:pk>/<slug:verb>/", verbs.act, name="act"),
]
