"""Addresses of the app: hazards, inspections with their checklists and reports, and the patrol of the phone."""

from anlan.hazards.urls_hazards import hazard_urls
from anlan.hazards.urls_inspections import inspection_urls
from anlan.hazards.urls_patrol import patrol_urls

app_name = "hazards"
urlpatterns = [*hazard_urls, *inspection_urls, *patrol_urls]
