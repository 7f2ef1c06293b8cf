"""What people look at: the panels, as Grafana's dashboards and as a page of docmill's own."""
