"""One report, many forms: terminal, JSON, HTML. Whatever a host had a part in is made harmless on its way out."""
