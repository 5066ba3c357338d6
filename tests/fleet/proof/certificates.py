"""Who may speak to a control plane: a node with its own certificate, that is good today, and nobody else."""

from datetime import UTC, datetime, timedelta

from tests.fleet.proof.lab import Lab, current, lab, made, until
from tests.support.needs import NAMESPACES, needs
from tierwall.fleet.certificates import CONTROL_PLANE, Pair, signed

__all__ = ["lab", "made"]
pytestmark = needs(NAMESPACES, "setpriv")


def expired(lab: Lab, name: str) -> Pair:
    """One of the authority's, that was good until yesterday."""
    authority = Pair((lab.folder / "tls/ca.crt").read_bytes(), (lab.folder / "tls/ca.key").read_bytes())
    return signed(authority, name, datetime.now(UTC) - timedelta(days=2), timedelta(days=1))


def test_another_nodes_certificate_is_refused(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-2", 8180, ready=False, certificate_of="lab-1"):
        until(lambda: "the certificate is for lab-1" in lab.envoys_said(), said=lab.envoys_said)

        assert lab.states() == {}
        assert not lab.tries("a.example", 8180)


def test_an_expired_certificate_gets_nothing_and_lets_nothing_through(lab: Lab) -> None:
    pair = expired(lab, "lab-1")
    (lab.folder / "tls/lab-1/envoy.crt").write_bytes(pair.certificate)
    (lab.folder / "tls/lab-1/envoy.key").write_bytes(pair.key)
    lab.serve()
    lab.until_serving()

    # lab-2, whose certificate is good, shows that the control plane works
    with lab.envoy("lab-1", 8080, ready=False), lab.envoy("lab-2", 8180):
        lab.until(current("lab-2"))
        assert "lab-1" not in lab.states()
        assert (lab.tries("a.example", 8080), lab.tries("a.example", 8180)) == (False, True)


def test_an_expired_control_plane_does_not_start(lab: Lab) -> None:
    (lab.folder / "tls/control-plane.crt").write_bytes(expired(lab, CONTROL_PLANE).certificate)

    words = ("fleet", "serve", lab.folder / "lab.yaml", "--tls", lab.folder / "tls", "--journal", lab.folder / "2")
    done = lab.run(*words, "--state", lab.folder / "3")

    assert done.returncode == 2
    assert "expired on" in done.stderr
