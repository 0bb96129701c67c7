"""Intake: is this ours, is it safe, and where does it go.

Hears ContactOpened (from the portal) and IdentityVerified (from the portal).
Tells TriageCompleted, ContactRouted, ContactDeclined, ReasonRecorded, FallRiskScreened, ContactJoined, ContactParted,
DoorClosed, DoorReopened.
Answers GetQuestionnaire, GetContact, GetPerson, RecordReason, GetReason, GetDemand,
GetFallForms, ScreenFallRisk, GetFallPathway,
GetOffer, ContinueCase, KeepNewCase, JoinContact, PartContact,
GetDoors, CloseDoor, ReopenDoor, SetCap.
Owns contacts, cases, triage runs, the identity vault, the count of demand, what is done about falls, and which
doors are closed.
"""
