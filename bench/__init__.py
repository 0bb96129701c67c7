"""What is measured: every case beside the same work done by the bare client and driver, on one server, in one run."""
