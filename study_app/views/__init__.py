"""What browsers talk to: each view parses, calls one service, and answers."""
