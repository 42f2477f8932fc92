"""Making lessons out of recordings and scripts: reading, cutting, encoding, slides, subtitles. No models in here."""
