// Asks what the arguments say, through a proxy or not, and prints a line of JSON for each: node's own http and https.
"use strict";
const http = require("http"), https = require("https"), tls = require("tls"), fs = require("fs");

const [proxy, base, ca, ...cases] = process.argv.slice(2);
const url = new URL(base), via = proxy === "-" ? null : new URL(proxy);

function tunnel() {
  return new Promise((resolve, reject) => {
    const target = `${url.hostname}:${url.port || 443}`;
    const asked = http.request({ host: via.hostname, port: via.port, method: "CONNECT", path: target, headers: { Host: target } });
    asked.on("connect", (answer, socket) => answer.statusCode === 200 ? resolve(socket) : reject(new Error("CONNECT " + answer.statusCode)));
    asked.on("error", reject).end();
  });
}

async function options(path, method, headers) {
  const wanted = { method, headers: { Host: url.host, ...headers }, agent: false };
  if (url.protocol === "https:") {
    const secured = { ...wanted, host: url.hostname, port: url.port, path, ca: fs.readFileSync(ca), servername: url.hostname };
    if (via) {
      const socket = await tunnel();
      const connect = () => tls.connect({ socket, ca: secured.ca, servername: url.hostname });
      secured.agent = Object.assign(new https.Agent(), { createConnection: connect });
    }
    return [https, secured];
  }
  return [http, via ? { ...wanted, host: via.hostname, port: via.port, path: base + path }
                    : { ...wanted, host: url.hostname, port: url.port, path }];
}

const WAYS = {
  hints: ["GET", {}, null], trailers: ["GET", {}, null], head: ["HEAD", {}, null], unframed: ["GET", {}, null],
  early: ["POST", { "Content-Length": 1 << 20 }, Buffer.alloc(1 << 20, "x")],
  chunks: ["POST", { "Transfer-Encoding": "chunked", Trailer: "X-Sum" }, Buffer.from("hello")],
  expects: ["POST", { "Content-Length": 5, Expect: "100-continue" }, Buffer.from("hello")],
  refuses: ["POST", { "Content-Length": 5, Expect: "100-continue" }, Buffer.from("hello")],
};

async function ask(name) {
  const [method, headers, body] = WAYS[name], [library, wanted] = await options("/" + name, method, headers);
  return new Promise((resolve) => {
    const said = { case: name, status: null, hints: 0, body: "", trailer: null };
    const asked = library.request(wanted, (answer) => {
      said.status = answer.statusCode;
      answer.on("data", (octets) => said.body += octets);
      answer.on("end", () => { said.trailer = answer.trailers["x-sum"] || null; resolve(said); asked.destroy(); });
      answer.on("error", () => resolve({ ...said, body: "cut" }));
    });
    asked.on("information", () => said.hints++);
    asked.on("error", () => said.status === null && resolve({ ...said, body: "error" }));
    asked.setTimeout(8000, () => { resolve({ ...said, body: "silence" }); asked.destroy(); });
    const send = () => { if (name === "chunks") asked.addTrailers({ "X-Sum": "5" }); asked.end(); };
    if (headers.Expect) { asked.flushHeaders(); asked.on("continue", () => { asked.write(body); asked.end(); }); }
    else { if (body) asked.write(body); send(); }
  });
}

(async () => {
  for (const name of cases) console.log(JSON.stringify(await ask(name)));
  process.exit(0);
})();
