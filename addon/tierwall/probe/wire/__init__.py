"""The protocols that are spoken to measure: each as far as a check needs it, octets in and out.

Knows wire formats and sockets. What a measurement means for a service is measuring/'s.
"""
