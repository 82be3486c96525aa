"""The rules of a plan and of the work after it: policy, frame, checks by plain loops, calendar, states."""
