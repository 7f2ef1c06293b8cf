"""Tables set from seeds, with the right answer: what structure recognition makes of each kind."""
