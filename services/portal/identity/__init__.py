"""Strong identification of residents and login of staff, as a client of OpenID Connect providers.

`install.install(app, edge)` is all the portal needs to call.
"""
