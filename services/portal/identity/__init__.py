"""Strong identification of residents and login of staff, as a client of OpenID Connect providers.

The portal serves `routes.routes`, and gives them with `wiring.install` what they stand on.
"""
