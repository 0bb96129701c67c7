"""What is measured: every case beside the same work done by the bare client and driver, on the same server, in one run."""
