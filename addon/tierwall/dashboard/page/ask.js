/**
 * Requests to the proxy's machine. Actions need the token of this start, which came behind the # of the printed address;
 * looking does where others reach the port. It goes in a header, never in an address.
 */

const KEPT = "tierwall-token";

/** Take the token out of the address, where anybody would copy it along. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
}

/** @returns {boolean} */
export const hasToken = () => sessionStorage.getItem(KEPT) !== null;

/** @returns {Record<string, string>} */
function token() {
  const kept = sessionStorage.getItem(KEPT);
  return kept === null ? {} : {"X-Tierwall-Token": kept};
}

/** What was asked for is refused: with the server's own words. */
export class Refused extends Error {}

/** @param {string} path @param {RequestInit} how @returns {Promise<Response>} */
async function answered(path, how) {
  const answer = await fetch(path, how);
  if (!answer.ok) throw new Refused((await answer.text()).trim());
  return answer;
}

/** @param {string} path @returns {Promise<any>} */
export const get = async (path) => (await answered(path, {headers: token()})).json();

/**
 * Server-sent events, as long as they come; an EventSource sends no token. Ends by throwing.
 * @param {string} path @param {(frame: any) => void} heard @param {AbortSignal} signal @returns {Promise<never>}
 */
export async function listen(path, heard, signal) {
  const answer = await answered(path, {headers: token(), signal, cache: "no-store"});
  const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (answer.body).pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) throw new Error("it has ended");
    const events = (rest + value).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) if (event.startsWith("data: ")) heard(JSON.parse(event.slice(6)));
  }
}

/** @param {string} action @param {object} given @returns {Promise<any>} */
export async function act(action, given) {
  const headers = {"Content-Type": "application/json", ...token()};
  return (await answered(`do/${action}`, {method: "POST", headers, body: JSON.stringify(given)})).json();
}
