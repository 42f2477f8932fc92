"""Links that lead out of the site: which hosts we vouch for, what lies between, and which ones are dead."""
