"""What model servers make of requests, beside the same graph in this process."""
