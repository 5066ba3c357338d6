"""What one sends: results of tierwall's commands -> one model of findings, whatever they came from.

Knows values and the JSON that other commands print. Opens no file; how a report looks is document.py's and the forms'.
"""
