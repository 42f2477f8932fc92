"""Addresses of checklists, inspections and safety reports."""

from django.urls import URLPattern, path

from anlan.hazards.views import checklists, inspections, reports, visit

inspection_urls: list[URLPattern] = [
    path("inspections/", inspections.inspection_list, name="inspections"),
    path("inspections/plan/", inspections.inspection_plan, name="inspections-plan"),
    path("inspections/new/", inspections.inspection_new, name="inspection-new"),
    path("inspections/<int:pk>/", visit.inspection_page, name="inspection"),
    path("inspections/<int:pk>/begin/", visit.begin, name="inspection-begin"),
    path("inspections/<int:pk>/answer/", visit.answer, name="inspection-answer"),
    path("inspections/<int:pk>/photos/", visit.photo_add, name="inspection-photos"),
    path("inspections/<int:pk>/photos/<int:photo_id>/", visit.photo, name="inspection-photo"),
    path("inspections/<int:pk>/signatures/<slug:side>/", visit.signature, name="inspection-signature"),
    path("inspections/<int:pk>/items/<int:version_id>/<str:item>/hazard/", visit.item_hazard, name="inspection-hazard"),
    path("inspections/<int:pk>/recheck/<int:hazard_id>/", visit.recheck, name="inspection-recheck"),
    path("inspections/<int:pk>/finish/", visit.finish, name="inspection-finish"),
    path("inspections/<int:pk>/cancel/", visit.cancel, name="inspection-cancel"),
    path("inspections/<int:pk>/assign/", visit.assign, name="inspection-assign"),
    path("inspections/<int:pk>/record.pdf", visit.record_file, name="inspection-pdf"),
    path("follow-ups/<int:pk>/", visit.help_on, name="follow-up"),
    path("checklists/", checklists.checklist_list, name="checklists"),
    path("checklists/<int:pk>/", checklists.checklist_page, name="checklist"),
    path("checklists/<int:pk>/compare/", checklists.compare, name="checklist-compare"),
    path("checklists/<int:pk>/print.pdf", checklists.pdf, name="checklist-pdf"),
    path("checklists/<int:pk>/draft/", checklists.draft, name="checklist-draft"),
    path("checklists/<int:pk>/items/", checklists.item, name="checklist-item-new"),
    path("checklists/<int:pk>/items/<str:key>/", checklists.item, name="checklist-item"),
    path("checklists/<int:pk>/change/<slug:what>/", checklists.change, name="checklist-change"),
    path("checklists/<int:pk>/retire/", checklists.retire, name="checklist-retire"),
    path("checklists/<int:pk>/copy/", checklists.copy, name="checklist-copy"),
    path("reports/", reports.report_list, name="reports"),
    path("reports/review/", reports.review_bulk, name="reports-review"),
    path("reports/rates/", reports.rates, name="report-rates"),
    path("reports/export/", reports.export, name="reports-export"),
    path("reports/<int:pk>/", reports.report_page, name="report"),
    path("reports/<int:pk>/answer/", reports.answer, name="report-answer"),
    path("reports/<int:pk>/submit/", reports.submit, name="report-submit"),
    path("reports/<int:pk>/review/", reports.review, name="report-review"),
]
