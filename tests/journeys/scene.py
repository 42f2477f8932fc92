"""Lays the scene of the journeys inside a fresh house: the demo, and one course short enough to watch in a test."""

from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from anlan.operations.demo import lay_demo

call_command("regions", "load", "41", verbosity=0)
lay_demo()
DBTaskResult.objects.filter(queue_name="media").delete()
