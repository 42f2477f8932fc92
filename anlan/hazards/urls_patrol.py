"""Addresses of patrols on the phone, and of what people decide about offline work."""

from django.urls import URLPattern, path

from anlan.hazards.views import doubts, patrol, sync

patrol_urls: list[URLPattern] = [
    path("manifest.webmanifest", patrol.manifest, name="manifest"),
    path("patrol/", patrol.patrol, name="patrol"),
    path("patrol/sw.js", patrol.worker, name="patrol-worker"),
    path("patrol/hello/", sync.hello, name="patrol-hello"),
    path("patrol/device/", sync.register, name="patrol-device"),
    path("patrol/tasks/", sync.tasks, name="patrol-tasks"),
    path("patrol/operations/", sync.operations, name="patrol-operations"),
    path("patrol/photos/<uuid:client_id>/", sync.photo, name="patrol-photo"),
    path("patrol/have/", sync.have, name="patrol-have"),
    path("offline-work/", doubts.quarantine, name="quarantine"),
    path("offline-work/<int:pk>/<uuid:task>/", doubts.doubt, name="quarantine-visit"),
    path("offline-work/photos/<uuid:client_id>/", doubts.doubt_photo, name="quarantine-photo"),
    path("offline-work/devices/<int:pk>/revoke/", doubts.revoke, name="device-revoke"),
    path("inspections/<int:pk>/conflicts/", doubts.conflicts, name="conflicts"),
    path("inspections/<int:pk>/conflicts/<int:conflict>/", doubts.decide, name="conflict-decide"),
    path("inspections/<int:pk>/offline-log/", doubts.log, name="offline-log"),
]
