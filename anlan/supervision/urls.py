"""Addresses of supervision."""

from django.urls import path

from anlan.supervision.views import appeals, overview, pack, performance, selfcheck, weights

app_name = "supervision"
urlpatterns = [
    path("overview/", overview.overview, name="overview"),
    path("overview/<str:code>/", overview.overview, name="region"),
    path("enterprises/<int:pk>/pack/", pack.pack, name="pack"),
    path("packs/<int:pk>/", pack.pack_made, name="pack-made"),
    path("packs/<int:pk>/file/", pack.pack_file, name="pack-file"),
    path("performance/", performance.performance, name="performance"),
    path("performance/export/", performance.export, name="performance-export"),
    path("performance/compute/", performance.compute, name="performance-compute"),
    path("performance/weights/", weights.weights, name="weights"),
    path("performance/scores/<int:pk>/", performance.score, name="score"),
    path("performance/scores/<int:pk>/<slug:code>/", performance.records, name="score-records"),
    path("performance/appeals/", appeals.appeals, name="appeals"),
    path("performance/appeals/<int:pk>/", appeals.appeal, name="appeal"),
    path("selfcheck/", selfcheck.selfchecks, name="selfchecks"),
    path("selfcheck/<slug:code>/", selfcheck.selfcheck, name="selfcheck"),
    path("selfcheck/run/<str:key>/", selfcheck.run, name="selfcheck-run"),
    path("selfcheck/run/<str:key>/<slug:step>/", selfcheck.step, name="selfcheck-step"),
    path("selfcheck/result/<str:key>/", selfcheck.result, name="selfcheck-result"),
    path("selfcheck/result/<str:key>/print.pdf", selfcheck.pdf, name="selfcheck-pdf"),
    path("selfcheck/shared/<str:key>/", selfcheck.shared, name="selfcheck-shared"),
]
