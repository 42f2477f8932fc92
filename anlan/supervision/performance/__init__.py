"""Performance 工作考评: what is measured (`indicators`), from which records (`cases`), how it becomes a rank (`ranking`)."""
