"""Addresses of training: one list per concern."""

from django.urls import URLPattern, path

from anlan.training.views import catalogue, class_making, classes, desk, desk_tags, hours, learning, recordings, stream

app_name = "training"

catalogue_urls: list[URLPattern] = [
    path("courses/", catalogue.catalogue, name="catalogue"),
    path("courses/<slug:slug>/", catalogue.course, name="course"),
    path("courses/<slug:slug>/cover/", catalogue.cover, name="cover"),
    path("courses/<slug:slug>/rate/", catalogue.rate, name="rate"),
    path("courses/<slug:slug>/documents/<int:pk>/", catalogue.document, name="document"),
]
learning_urls: list[URLPattern] = [
    path("learn/", learning.mine, name="mine"),
    path("learn/<int:pk>/", learning.lesson, name="lesson"),
    path("learn/<int:pk>/session/", learning.session, name="session"),
    path("learn/<int:pk>/prompts/<int:prompt>/", learning.prompt, name="prompt"),
    path("learn/<int:pk>/notes/", learning.notes, name="notes"),
    path("learn/<int:pk>/notes/<int:note>/delete/", learning.note_delete, name="note-delete"),
    path("learn/<int:pk>/questions/", learning.questions, name="ask"),
    path("media/<str:token>/<path:name>", stream.media, name="media"),
]
hours_urls: list[URLPattern] = [
    path("hours/", hours.own, name="hours"),
    path("hours/print/", hours.own_print, name="hours-print"),
    path("hours/<int:worker>/", hours.of_worker, name="hours-of"),
    path("hours/<int:worker>/print/", hours.of_worker_print, name="hours-print-of"),
]
class_urls: list[URLPattern] = [
    path("classes/", classes.class_list, name="classes"),
    path("classes/new/", class_making.class_new, name="class-new"),
    path("classes/undo/<uuid:batch>/", classes.class_undo, name="class-undo"),
    path("classes/exports/<int:pk>/", classes.class_export_state, name="class-export-state"),
    path("classes/exports/<int:pk>/file/", classes.class_file, name="class-file"),
    path("classes/<int:pk>/", classes.class_detail, name="class"),
    path("classes/<int:pk>/people/", classes.class_people_act, name="class-people"),
    path("classes/<int:pk>/enrol/", classes.class_enrol, name="class-enrol"),
    path("classes/<int:pk>/extend/", classes.class_extend, name="class-extend"),
    path("classes/<int:pk>/export/", classes.class_export, name="class-export"),
    path("classes/<int:pk>/print/", classes.class_print, name="class-print"),
    path("classes/<int:pk>/<str:step>/", classes.class_step, name="class-step"),
    path("plan/", class_making.class_plan, name="plan"),
    path("enterprises/<int:pk>/plan/", class_making.class_plan, name="plan-of"),
]
desk_urls: list[URLPattern] = [
    path("teach/", desk.desk, name="desk"),
    path("teach/work/", desk.work, name="desk-work"),
    path("teach/courses/new/", desk.course_new, name="desk-course-new"),
    path("teach/courses/import/", desk.package_import, name="desk-import"),
    path("teach/courses/<int:pk>/", desk.course, name="desk-course"),
    path("teach/courses/<int:pk>/edit/", desk.course_edit, name="desk-course-edit"),
    path("teach/courses/<int:pk>/publish/", desk.course_publish, name="desk-publish"),
    path("teach/courses/<int:pk>/withdraw/", desk.course_withdraw, name="desk-withdraw"),
    path("teach/courses/<int:pk>/order/", desk.course_order, name="desk-order"),
    path("teach/courses/<int:pk>/export/", desk.package_export, name="desk-export"),
    path("teach/courses/<int:pk>/upload/", recordings.upload, name="desk-upload"),
    path("teach/courses/<int:pk>/lessons/new/", desk.lesson_new, name="desk-lesson-new"),
    path("teach/courses/<int:pk>/cases/new/", desk.case, name="desk-case-new"),
    path("teach/courses/<int:pk>/cases/<int:case_pk>/", desk.case, name="desk-case"),
    path("teach/courses/<int:pk>/handouts/new/", desk.handout, name="desk-handout-new"),
    path("teach/courses/<int:pk>/handouts/<int:handout_pk>/", desk.handout, name="desk-handout"),
    path("teach/courses/<int:pk>/<str:kind>/<int:part_pk>/remove/", desk.part_remove, name="desk-part-remove"),
    path("teach/courses/<int:pk>/tags/propose/", desk_tags.tag_propose, name="desk-tag-propose"),
    path("teach/courses/<int:pk>/tags/add/", desk_tags.tag_add, name="desk-tag-add"),
    path("teach/lessons/<int:pk>/", desk.lesson, name="desk-lesson"),
    path("teach/lessons/<int:pk>/prompts/", desk.lesson_prompts, name="desk-prompts"),
    path("teach/lessons/<int:pk>/remove/", desk.lesson_remove, name="desk-lesson-remove"),
    path("teach/lessons/<int:pk>/file/", desk.lesson_file, name="desk-lesson-file"),
    path("teach/preview/", desk.preview, name="desk-preview"),
    path("teach/recordings/<int:pk>/", recordings.recording, name="desk-recording"),
    path("teach/recordings/<int:pk>/chunk/", recordings.chunk, name="desk-chunk"),
    path("teach/recordings/<int:pk>/cuts/", recordings.cuts, name="desk-cuts"),
    path("teach/recordings/<int:pk>/retry/", recordings.retry, name="desk-retry"),
    path("teach/recordings/<int:pk>/remove/", recordings.remove, name="desk-recording-remove"),
    path("teach/tags/", desk_tags.tags, name="tags"),
    path("teach/tags/<int:pk>/", desk_tags.tag_decide, name="desk-tag"),
    path("teach/questions/", desk_tags.questions, name="questions"),
    path("teach/queue/", recordings.queue, name="media-queue"),
]
urlpatterns: list[URLPattern] = [*class_urls, *desk_urls, *catalogue_urls, *learning_urls, *hours_urls]
