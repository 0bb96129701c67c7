"""Strong identification of residents and login of staff, as a client of OpenID Connect providers.

`install(app, edge)` is all the portal needs to call.
"""

from services.portal.identity.wiring import install

__all__ = ["install"]
