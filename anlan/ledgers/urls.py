"""Addresses of ledgers."""

from django.urls import path

from anlan.ledgers.views import building, entering, forms_in, lists, papers, permits, templates

app_name = "ledgers"
urlpatterns = [
    path("ledgers/", lists.index, name="list"),
    path("ledgers/<int:pk>/", lists.entries, name="entries"),
    path("ledgers/<int:pk>/start/", entering.start, name="start"),
    path("ledgers/<int:pk>/print/", papers.print_list, name="print-list"),
    path("ledgers/<int:pk>/xlsx/", papers.xlsx, name="xlsx"),
    path("ledgers/<int:pk>/pack/", papers.pack, name="pack"),
    path("ledgers/packs/<int:pk>/", papers.packed, name="packed"),
    path("ledgers/packs/<int:pk>/file/", papers.pack_file, name="pack-file"),
    path("enterprises/<int:firm>/ledgers/", lists.of, name="of"),
    path("enterprises/<int:firm>/ledgers/<int:pk>/", lists.entries_of, name="entries-of"),
    path("ledger-entries/<int:pk>/", entering.entry, name="entry"),
    path("ledger-entries/<int:pk>/edit/", entering.edit, name="edit"),
    path("ledger-entries/<int:pk>/draft/", entering.autosave, name="draft"),
    path("ledger-entries/<int:pk>/copy/", entering.copy, name="copy"),
    path("ledger-entries/<int:pk>/drop/", entering.drop, name="drop"),
    path("ledger-entries/<int:pk>/void/", entering.void, name="void"),
    path("ledger-entries/<int:pk>/print/", papers.print_entry, name="print"),
    path("ledger-entries/<int:pk>/files/", entering.attach, name="attach"),
    path("ledger-entries/<int:pk>/files/<int:file>/", entering.file, name="file"),
    path("ledger-entries/<int:pk>/files/<int:file>/remove/", entering.remove, name="remove"),
    path("ledger-entries/<int:pk>/hand-in/", permits.hand_in_page, name="hand-in"),
    path("ledger-entries/<int:pk>/sign/", permits.sign, name="sign"),
    path("ledger-entries/<int:pk>/close/", permits.close, name="close"),
    path("ledger-templates/", templates.index, name="templates"),
    path("ledger-templates/new/", templates.new, name="template-new"),
    path("ledger-templates/import/", forms_in.upload, name="import"),
    path("ledger-templates/<int:pk>/", templates.template, name="template"),
    path("ledger-templates/<int:pk>/details/", templates.details, name="template-edit"),
    path("ledger-templates/<int:pk>/copy/", templates.copy, name="template-copy"),
    path("ledger-templates/<int:pk>/retire/", templates.retire, name="template-retire"),
    path("ledger-templates/<int:pk>/compare/", templates.compare, name="compare"),
    path("ledger-templates/<int:pk>/xlsform/", forms_in.download, name="xlsform"),
    path("ledger-templates/<int:pk>/build/", building.build, name="build"),
    path("ledger-templates/<int:pk>/build/change/", building.change, name="change"),
    path("ledger-templates/<int:pk>/build/chain/", building.chain, name="chain"),
    path("ledger-templates/<int:pk>/build/publish/", building.publish, name="publish"),
    path("ledger-templates/<int:pk>/build/discard/", building.discard, name="discard"),
    path("ledger-templates/<int:pk>/build/<str:key>/", building.field, name="field"),
]
