"""Pages of enterprises, workers and rosters."""
