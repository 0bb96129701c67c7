"""Intake: is this ours, is it safe, and where does it go.

Hears ContactOpened (from the portal) and IdentityVerified (from the portal).
Tells TriageCompleted, ContactRouted, ContactDeclined.
Answers GetQuestionnaire, GetContact, GetPerson.
Owns contacts, triage runs and the identity vault.
"""
