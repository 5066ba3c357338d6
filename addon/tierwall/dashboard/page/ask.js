/** Requests to the proxy's machine. Actions need the token of this start, which came behind the # of the printed address. */

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

/** @param {string} path @returns {Promise<any>} */
export async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

/** @param {string} action @param {object} given @returns {Promise<any>} */
export async function act(action, given) {
  const answer = await fetch(`do/${action}`, {
    method: "POST",
    headers: {"Content-Type": "application/json", "X-Tierwall-Token": sessionStorage.getItem(KEPT) ?? ""},
    body: JSON.stringify(given),
  });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}
