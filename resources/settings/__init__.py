"""How documents are converted: a Dagster resource a module, with its defaults and limits.

Each builds the plain objects that do the work (engines, options); those import no Dagster, so that worker
processes need not either.
"""
