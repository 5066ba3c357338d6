"""What our layers tell addons: hooks that nobody waits for, and names that are judged once."""

from mitmproxy.test.tflow import tflow

from tests.support.layers import context
from tierwall.events import Stage
from tierwall.proxy.mitmproxy.http.told import NAMES, Crash, TierwallCrashedHook, TierwallRefusedHook, names_of, refused


def test_the_names_of_a_request_are_given_once() -> None:
    flow = tflow()
    flow.metadata[NAMES] = ("a.example", "A.example:80")

    assert (names_of(flow), names_of(flow)) == (("a.example", "A.example:80"), ())


def test_a_refusal_says_why_what_the_client_sees_and_of_which_request() -> None:
    inside, request = context(), tflow().request

    hook = refused(inside, "two hosts", "400", request)

    said = hook.refused
    assert (said.context, said.why, said.answer, said.request, said.stage) == (
        inside,
        "two hosts",
        "400",
        request,
        Stage.REQUEST,
    )


def test_no_layer_waits_for_who_is_told() -> None:
    assert (TierwallRefusedHook.blocking, TierwallCrashedHook.blocking) == (False, False)
    assert refused(context(), "why", "close").name == "tierwall_refused"
    assert TierwallCrashedHook(Crash(context(), "LookupError")).name == "tierwall_crashed"
