"""What servers spend on a step's requests, whatever kind they are and whoever else asks them.

`counters` are what a server says of itself, `tally` is what each process has asked, `told` what was said with
the answers, `calibration` compares the two, and `step_meter` makes the step's share of them.
"""
