"""What the rows of judge's table look at, and what a verdict then says. The table itself is policy/judge.py's."""
