"""/api/analysis: the insights of staff. Each chart is a table, as JSON or CSV, with the SQL that made it."""
