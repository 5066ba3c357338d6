"""What people read: events -> lines on the console and a summary; findings of an audit -> text, Markdown, HTML, JUnit.

Knows values only. Whatever a client sent is spelled out before it reaches a terminal or a ticket.
"""
