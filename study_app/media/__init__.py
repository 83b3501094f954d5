"""Pictures that lie in a bucket: read for participants, and put there by the researcher."""
