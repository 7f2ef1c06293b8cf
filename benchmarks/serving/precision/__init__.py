"""What lower precisions make of a layout model's detections, as far as a CPU can say."""
