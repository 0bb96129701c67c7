"""Intake: is this ours, is it safe, and where does it go.

Hears ContactOpened (from the portal) and IdentityVerified (from the portal).
Tells TriageCompleted, ContactRouted, ContactDeclined, ReasonRecorded, FallRiskScreened, ContactJoined, ContactParted.
Answers GetQuestionnaire, GetContact, GetPerson, RecordReason, GetReason, GetDemand,
GetFallForms, ScreenFallRisk, GetFallPathway,
GetOffer, ContinueCase, KeepNewCase, JoinContact, PartContact.
Owns contacts, cases, triage runs, the identity vault, the count of demand and what is done about falls.
"""
