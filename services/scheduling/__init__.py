"""Scheduling: calendars, free times, holds and visits.

Hears ContactRouted, ContactDeclined and IdentityVerified.
Tells SlotsPublished, TimesOffered, VisitBooked and VisitCompleted.
Owns what it must know of a contact, therapists' published times, holds and visits.
"""
