"""The versions of the desk's database (`collector.desk.database.migrating`)."""
