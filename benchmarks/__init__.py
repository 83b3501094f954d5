"""What `make bench` runs: one file a question, each printing a table."""
