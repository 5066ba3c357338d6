"""Who is at the other end of a gRPC connection: a node's certificate is good for its own id alone.

Knows what gRPC tells of a peer.
"""

import grpc


def pretends(node: str, context: grpc.aio.ServicerContext) -> str | None:
    """Why the node is not who it says to be; None where all is well, or TLS is not spoken."""
    told = context.auth_context()
    keys = ("x509_subject_alternative_name", "x509_common_name")
    names = {name.decode(errors="replace") for key in keys for name in told.get(key, ())}
    if not told.get("transport_security_type") or node in names:
        return None
    return f"the certificate is for {', '.join(sorted(names)) or 'nobody'}, and the node says that it is {node[:200]}"
