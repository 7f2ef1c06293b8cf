"""What the pipeline talks to: stores, model backends and servers, each as one Dagster resource."""
