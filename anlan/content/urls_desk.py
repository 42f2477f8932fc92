"""Addresses of the editors: drafts, reviews, versions, release."""

from django.urls import URLPattern, path

from anlan.content.views import desk, reviews, versions

desk_urls: list[URLPattern] = [
    path("editing/", desk.desk, name="desk"),
    path("editing/new/<str:section>/", desk.new, name="new"),
    path("editing/guide/<str:slug>/<str:ref>/", desk.guide, name="guide"),
    path("editing/reviews/", reviews.reviews, name="reviews"),
    path("editing/<int:pk>/", reviews.draft, name="draft"),
    path("editing/<int:pk>/edit/", desk.edit, name="edit"),
    path("editing/<int:pk>/as-published/", desk.look, name="look"),
    path("editing/<int:pk>/submit/", reviews.submit, name="submit"),
    path("editing/<int:pk>/take-back/", reviews.take_back, name="take-back"),
    path("editing/<int:pk>/sign/", reviews.sign, name="sign"),
    path("editing/<int:pk>/return/", reviews.give_back, name="return"),
    path("editing/<int:pk>/bypass/", reviews.bypass, name="bypass"),
    path("editing/<int:pk>/release/", reviews.release, name="release"),
    path("editing/<int:pk>/withdraw/", reviews.withdraw, name="withdraw"),
    path("editing/<int:pk>/versions/", versions.versions, name="versions"),
    path("editing/<int:pk>/compare/", versions.compare, name="compare"),
    path("editing/<int:pk>/versions/<int:revision>/restore/", versions.restore, name="restore"),
]
