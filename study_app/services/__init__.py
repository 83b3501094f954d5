"""What the study does: reads and writes of the database, without requests and HTML."""
