"""Squid as one of the proxies side by side: the SNI peeked at, spliced, and a line in its log.

Knows squid.conf. What every Squid of ours wants is squid_files.py's.
"""

from collections.abc import Sequence
from typing import ClassVar

from bench.ground import TARGET, Ground, free_port
from bench.peer import Peer, path_of, said_by
from bench.squid_files import always, dstdomain, open_to_squid, write_certificate


class Squid(Peer):
    """The same job in C++: peek at the SNI, splice, ACL, access log."""

    name = "squid"
    differs = (
        "answers 200 before it dials; one text line a tunnel, buffered (`buffered_logs on`); denials are asked of a "
        "second port of the same Squid without ssl-bump, which answers 403 in the clear (with it: 200, and the error "
        "inside TLS)"
    )

    intercepts: ClassVar[bool] = False

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.denials_port = free_port()

    @classmethod
    def version(cls) -> str:
        told = said_by("squid", ["-v"], "apt-get install squid-openssl")
        if "--with-openssl" not in told:
            raise LookupError("this squid was built without OpenSSL and has no ssl_bump: apt-get install squid-openssl")
        return told.partition("\n")[0]

    def command(self) -> Sequence[str]:
        folder, port = self.folder, self.ground.origin_port
        (folder / "hosts").write_text("" if self.ground.by_dns else f"127.0.0.1 {TARGET}\n")
        bump = f"ssl-bump tls-cert={folder}/ca.pem generate-host-certificates=off"
        listens = f"http_port 127.0.0.1:{self.port} {bump}\nhttp_port 127.0.0.1:{self.denials_port}"
        if self.intercepts:
            listens = f"https_port 127.0.0.1:{self.port} intercept {bump}\nhttp_port 127.0.0.1:{self.denials_port}"
        (folder / "allowed").write_text("\n".join(dstdomain(self.ground.hosts)) + "\n")
        write_certificate(folder / "ca.pem")
        configuration = folder / "squid.conf"
        configuration.write_text(
            f"""{listens}
acl allowed dstdomain "{folder}/allowed"
acl allowed_sni ssl::server_name "{folder}/allowed"
acl origin_port port {port}
acl step1 at_step SslBump1
http_access deny !origin_port
http_access allow {"all" if self.intercepts else "allowed"}
http_access deny all
ssl_bump peek step1
ssl_bump splice allowed_sni
ssl_bump terminate all
access_log stdio:{folder}/access.log squid
buffered_logs on
{always(folder, self.ground.files)}"""
        )
        open_to_squid(folder)
        return [path_of("squid"), "-N", "-f", str(configuration)]
