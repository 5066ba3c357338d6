"""The control plane with real Envoys: who gets what, changes, and either side gone. `make fleet` runs it."""

from tests.fleet.proof.lab import OTHER_PLANE, PLANE, SITE, Lab, current, lab, made, until
from tests.support.needs import NAMESPACES, needs

__all__ = ["lab", "made"]
pytestmark = needs(NAMESPACES, "setpriv")


def test_envoys_get_their_site_and_what_changes_in_it(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-1", 8080), lab.envoy("lab-2", 8180):
        before = lab.until(current("lab-1", "lab-2"))
        assert (lab.tries("a.example"), lab.tries("b.example"), lab.tries("a.example", 8180)) == (True, False, True)

        lab.site("b.example")
        after = lab.until(
            lambda found: current("lab-1", "lab-2")(found) and found["lab-1"]["runs"] != before["lab-1"]["runs"]
        )

        assert after["lab-1"]["runs"] == after["lab-2"]["runs"]
        lab.until_tries("b.example", True)
        assert not lab.tries("a.example")
        assert lab.tierwall("fleet", "status", "--state", lab.folder / f"fleet-{PLANE}.json").returncode == 0
    actions = [event["event"]["action"] for event in lab.journal]
    assert actions.count("applied") == 4


def test_a_node_gets_another_site_by_its_id(lab: Lab) -> None:
    (lab.folder / "other.yaml").write_text(SITE.format(hosts="c.example").replace("site: lab", "site: other"))
    lab.serve("lab.yaml", f"lab-2={lab.folder}/other.yaml")
    with lab.envoy("lab-1", 8080), lab.envoy("lab-2", 8180):
        found = lab.until(current("lab-1", "lab-2"))

        assert (found["lab-1"]["site"], found["lab-2"]["site"]) == ("lab", "other")
        assert (lab.tries("c.example", 8080), lab.tries("c.example", 8180)) == (False, True)


def test_a_file_that_does_not_load_changes_nothing(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-1", 8080):
        lab.until(current("lab-1"))
        (lab.folder / "lab.yaml").write_text("version: 1\nsite: lab\nadmit: [{hots: [b.example]}]\n")
        until(lambda: any("cannot be served" in event.get("error", {}).get("message", "") for event in lab.journal))

        assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)
        lab.site("b.example")
        lab.until_tries("b.example", True)


def test_a_control_plane_that_is_gone_leaves_envoys_as_they_are_and_finds_them_so(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-1", 8080):
        version = lab.until(current("lab-1"))["lab-1"]["runs"]
        lab.kill()
        assert lab.tierwall("fleet", "status", "--state", lab.folder / f"fleet-{PLANE}.json").returncode == 1
        assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)

        (lab.folder / f"fleet-{PLANE}.json").unlink()
        lab.serve()

        assert lab.until(current("lab-1"))["lab-1"]["runs"] == version
        assert lab.updates(8080) == 1  # the first: what it has already was not sent again


def test_of_two_control_planes_one_is_killed_and_envoys_go_on_with_the_other(lab: Lab) -> None:
    planes = (PLANE, OTHER_PLANE)
    for plane in planes:
        lab.serve(port=plane)
        lab.until_serving(plane)
    with lab.envoy("lab-1", 8080, planes=planes):
        first = until(lambda: next((plane for plane in planes if current("lab-1")(lab.states(plane))), None))
        [second] = {*planes} - {first}
        version = lab.states(first)["lab-1"]["runs"]
        assert "lab-1" not in lab.states(second)  # both run, and one of them has it

        lab.kill(first)

        assert lab.until(current("lab-1"), second)["lab-1"]["runs"] == version
        assert lab.updates(8080) == 1  # the same files are the same version: nothing was sent again
        assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)
        lab.site("b.example")
        lab.until_tries("b.example", True)


def test_an_envoy_that_is_gone_is_shown_and_one_that_is_started_again_is_current(lab: Lab) -> None:
    lab.serve()
    with lab.envoy("lab-1", 8080) as child:
        lab.until(current("lab-1"))
        child.kill()
        child.wait()
        lab.made.children.remove(child)

        assert "goes on" in lab.until(lambda found: found["lab-1"]["state"] == "gone")["lab-1"]["detail"]
    with lab.envoy("lab-1", 8080):
        lab.until(current("lab-1"))
        assert (lab.tries("a.example"), lab.tries("b.example")) == (True, False)


def test_a_second_control_plane_at_the_same_place_does_not_start(lab: Lab) -> None:
    lab.serve()
    lab.until_serving()

    words = ("fleet", "serve", lab.folder / "lab.yaml", "--listen", f"127.0.0.1:{PLANE}", "--tls", lab.folder / "tls")
    done = lab.run(*words, "--journal", lab.folder / "2", "--state", lab.folder / "3")

    assert done.returncode == 2
    assert "another control plane" in done.stderr
