"""Intake: is this ours, is it safe, and where does it go.

Hears ContactOpened (from the portal) and IdentityVerified (from the portal).
Tells TriageCompleted, ContactRouted, ContactDeclined, ReasonRecorded.
Answers GetQuestionnaire, GetContact, GetPerson, RecordReason, GetReason, GetDemand.
Owns contacts, triage runs, the identity vault and the count of demand.
"""
