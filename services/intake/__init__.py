"""Intake: is this ours, is it safe, and where does it go.

Hears ContactOpened, WarningPassed, QuestionsAnswered, IdentityVerified and ContactPointGiven (from the portal), what
becomes of a contact's conversation, calls and visits (from chat and scheduling).
Tells TriageCompleted, ContactRouted, ContactDeclined, ReasonRecorded,
FallRiskScreened, FallMeasuresRecorded, FallRouteChosen,
ContactJoined, ContactParted, ContactClosed, ContactReopened,
DueTimeSet, DueTimeWarned, DueTimeKept, DueTimeMissed, DueTimeLifted,
DoorClosed, DoorReopened, ReferralReceived, ReferralStatusChanged, PersonMatchDecided.
Answers GetQuestionnaire, FindTroubles, GetContact, GetPerson, RecordReason, GetReason, GetDemand,
GetFallForms, ScreenFallRisk, GetFallPathway, RecordFallMeasures, ChooseFallRoute, GetFallWork,
GetOffer, ContinueCase, KeepNewCase, JoinContact, PartContact, CorrectDue,
GetDoors, CloseDoor, ReopenDoor, SetCap,
SendReferral, ReturnReferral, GetReferralStatus, GetReferral, GetReferrals, GetWaitingReferrals,
GetMatching, FindCandidate, LinkPerson, KeepApart, ReopenMatch.
Owns contacts, cases, triage runs, the identity vault, the count of demand, what is done about falls, which doors are
closed, referrals, and what is owed by when.
"""
