"""Agencies and associations: who serves enterprises, under which contract, how well."""
