"""Records x catalogue x site -> findings: what a foreign log says that a network breaks, lets through and never tried.

Pure: octets come from the shell (cli/audit_*.py), findings go to report/. Each distinct destination is judged once, by
the same `judge` as everything else; what was denied is the record's to say.
"""
