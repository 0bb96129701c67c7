"""Plumbing every process uses: functions you call, nothing you inherit. It knows no word of the clinic."""

from chassis.errors import Refused, TryLater, Unprocessable
from chassis.service import Answers, Handlers, Jobs, Service
from chassis.settings import Profile, Settings
from chassis.transaction import Cause, Hint, Transact, Transaction
from chassis.viewer import SERVICE, Role, Viewer

__all__ = [
    "SERVICE",
    "Answers",
    "Cause",
    "Handlers",
    "Hint",
    "Jobs",
    "Profile",
    "Refused",
    "Role",
    "Service",
    "Settings",
    "Transact",
    "Transaction",
    "TryLater",
    "Unprocessable",
    "Viewer",
]
