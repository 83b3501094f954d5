"""Several studies on one server, each below an address, with a database and admins of its own."""
