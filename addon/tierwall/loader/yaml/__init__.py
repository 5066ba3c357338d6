"""A policy or site file as YAML has it: its octets, its tree with line numbers, its values before anybody checked them.

Knows YAML and characters. Refuses to know vendors and sites.
"""
