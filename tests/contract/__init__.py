"""One suite per port, run on the fake and on the real adapter alike."""
