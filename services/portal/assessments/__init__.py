"""Results of symptom assessments elsewhere (Omaolo): another system sends the person, we ask only what is left.

A neutral payload: no claim is made that any maker's own interface is like it. What a maker's answers mean here stands
in `mappings`, a file per version; `domain` says what follows, `taking` tells it once, `routes` is the HTTP side.
"""
