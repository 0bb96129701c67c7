"""Alembic environment shared by the plumbing's chain and every service's own.

chassis.db hands the connection in, inside the one transaction that is the whole upgrade, and commits it.
"""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=None,
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
