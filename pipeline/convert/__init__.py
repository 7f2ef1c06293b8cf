"""Pure document code: from PDF bytes to a DoclingDocument. Imports no Dagster and talks to no server."""
