"""Read by the process that services are forked from, and by nobody else (chassis/forked.py).

A platform that stops a unit may tell every process of it. This one stays until its services have drained.
"""

import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
