"""One folder, one process, one container, one Grafana row."""

NAMES = ("portal", "intake", "scheduling", "chat", "feedback", "notifications")
"""Every service, in the order in which they stand on the desk's health page and in the supervisor."""
