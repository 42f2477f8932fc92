"""Addresses of certificates."""

from django.urls import path

from anlan.certificates.views import desk, public

app_name = "certificates"
urlpatterns = [
    path("verify/", public.verify, name="verify"),
    path("verify/<str:number>/", public.verify_number, name="verify_number"),
    path("log/", public.log_page, name="log"),
    path("log/heads.json", public.heads, name="heads"),
    path("log/entries.json", public.entries, name="entries"),
    path("log/proof/<str:number>.json", public.proof, name="proof"),
    path("log/consistency.json", public.consistency, name="consistency"),
    path("log/trust.pem", public.trust, name="trust"),
    path("my-certificates/", desk.mine, name="mine"),
    path("certificates/", desk.listing, name="list"),
    path("certificates/<int:pk>/", desk.detail, name="detail"),
    path("certificates/<int:pk>/pdf/", desk.download, name="pdf"),
    path("certificates/<int:pk>/revoke/", desk.revoke, name="revoke"),
    path("certificates/<int:pk>/reissue/", desk.reissue, name="reissue"),
    path("certificates/revocations/<int:pk>/decide/", desk.decide, name="decide"),
    path("certificates/print/", desk.print_batch, name="print"),
    path("certificates/print/<uuid:uid>/", desk.batch_page, name="batch"),
    path("certificates/print/<uuid:uid>/file/", desk.batch_file, name="batch_file"),
]
