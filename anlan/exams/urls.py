"""Addresses of exams."""

from django.urls import path

from anlan.exams.views import bank, blueprints, exams, practice, results, room, watch

app_name = "exams"
urlpatterns = [
    path("exams/", exams.index, name="list"),
    path("exams/new/", exams.new, name="new"),
    path("exams/mine/", exams.mine, name="mine"),
    path("exams/appeals/", results.appeals, name="appeals"),
    path("exams/appeals/<int:pk>/", results.answer, name="answer-appeal"),
    path("exams/<int:pk>/", exams.detail, name="detail"),
    path("exams/<int:pk>/cancel/", exams.cancel, name="cancel"),
    path("exams/<int:pk>/export/", exams.export, name="export"),
    path("exams/<int:pk>/watch/", watch.watch, name="watch"),
    path("exams/<int:pk>/start/", room.start, name="start"),
    path("mock/", exams.mocks, name="mocks"),
    path("mock/start/", practice.start, name="practice-start"),
    path("mock/<str:token>/", practice.paper, name="practice"),
    path("mock/<str:token>/result/", practice.result, name="practice-result"),
    path("sittings/<uuid:uid>/", room.room, name="room"),
    path("sittings/<uuid:uid>/state/", room.state, name="state"),
    path("sittings/<uuid:uid>/event/", room.event, name="event"),
    path("sittings/<uuid:uid>/submit/", room.submit, name="submit"),
    path("sittings/<uuid:uid>/extend/", watch.extend, name="extend"),
    path("sittings/<uuid:uid>/warn/", watch.warn, name="warn"),
    path("sittings/<uuid:uid>/end/", watch.end, name="end"),
    path("sittings/<uuid:uid>/result/", results.result, name="result"),
    path("sittings/<uuid:uid>/transcript/", results.transcript, name="transcript"),
    path("sittings/<uuid:uid>/appeal/", results.appeal, name="appeal"),
    path("bank/", bank.index, name="bank"),
    path("bank/new/", bank.new, name="question-new"),
    path("bank/import/", bank.upload, name="bank-import"),
    path("bank/import/<uuid:uid>/", bank.preview, name="bank-preview"),
    path("bank/template/", bank.template, name="bank-template"),
    path("bank/export/", bank.export, name="bank-export"),
    path("bank/<int:pk>/", bank.question, name="question"),
    path("bank/<int:pk>/edit/", bank.edit, name="question-edit"),
    path("bank/<int:pk>/retire/", bank.retire, name="question-retire"),
    path("blueprints/", blueprints.index, name="blueprints"),
    path("blueprints/new/", blueprints.new, name="blueprint-new"),
    path("blueprints/<int:pk>/", blueprints.detail, name="blueprint"),
    path("blueprints/<int:pk>/edit/", blueprints.edit, name="blueprint-edit"),
]
