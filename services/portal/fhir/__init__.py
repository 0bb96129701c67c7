"""FHIR R4 (4.0.1) at the edge: what comes in is translated into the same command or fact as the neutral form.

`codes` are the required bindings, `reading` checks what every resource must keep, `results` and `referrals` translate,
`routes` is the HTTP side. Nothing inside knows FHIR, and no conformance to any national guide is claimed.
"""
