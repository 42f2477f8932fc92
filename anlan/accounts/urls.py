"""Addresses of accounts. Included before allauth's own, so that ours win where both know an address."""

from django.conf import settings
from django.urls import URLPattern, path, re_path

from anlan.accounts.views import approvals, doors, grids, invitations, me, people, regions

app_name = "accounts"
urlpatterns: list[URLPattern] = [
    path("me/", me.me, name="me"),
    path("me/posts/<int:pk>/act/", me.act, name="act"),
    path("me/preferences/", me.preferences, name="preferences"),
    path("people/", people.people, name="people"),
    path("people/grant/", people.grant, name="grant"),
    path("people/posts/<int:pk>/withdraw/", people.withdraw, name="withdraw"),
    re_path(r"^people/(?P<pk>[0-9]{1,18})/(?P<field>phone|id_number)/$", me.show, name="reveal"),
    path("regions/", regions.regions, name="regions"),
    path("grids/", grids.grids, name="grids"),
    path("grids/new/", grids.grid_new, name="grid-new"),
    path("grids/<slug:code>/", grids.grid, name="grid"),
    path("grids/<slug:code>/rename/", grids.grid_rename, name="grid-rename"),
    path("grids/<slug:code>/officer/", grids.grid_officer, name="grid-officer"),
    path("grids/<slug:code>/close/", grids.grid_close, name="grid-close"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/<int:pk>/", approvals.approval, name="approval"),
    path("approvals/<int:pk>/decide/", approvals.approval_decide, name="approval-decide"),
    path("approvals/<int:pk>/withdraw/", approvals.approval_withdraw, name="approval-withdraw"),
    path("organisations/<int:pk>/invite/", invitations.invite, name="invite"),
    path("invitations/<int:pk>/", invitations.invitation, name="invitation"),
    path("invitations/<int:pk>/withdraw/", invitations.invitation_withdraw, name="invitation-withdraw"),
    path("join/<str:token>/", invitations.join, name="join"),
    path("accounts/password/reset/", doors.forgotten, name="forgotten"),
    re_path(r"^accounts/(?:email/|confirm-email/.*|password/reset/.+)$", doors.no_mail, name="no_mail"),
]
if settings.ANLAN_DEMO:
    urlpatterns.append(path("demo/enter/<str:key>/", doors.enter_demo, name="enter_demo"))
