// A call of the page as code that others can run, with a placeholder where the token goes.

const HOST = "https://services.leadconnectorhq.com";

/** What is sent without the page around it. */
function requestOf({ method, url, body, apiBase }) {
    const base = apiBase ? new URL(apiBase, location.href).pathname.replace(/\/$/, "") : "";
    const path = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : url.pathname;
    return { method, address: `${HOST}${path}`, query: [...url.searchParams], search: url.search, body };
}

function headersOf({ body }, token) {
    return [
        ["Authorization", `Bearer ${token}`],
        ["Version", "2021-07-28"],
        ["Accept", "application/json"],
        ...(body === undefined ? [] : [["Content-Type", "application/json"]]),
    ];
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(request) {
    const { method, address, search, body } = request;
    // The one header in double quotes, so that the shell fills the token in.
    const [, ...headers] = headersOf(request, "");
    return [
        `curl -X ${method} ${quoted(address + search)}`,
        `-H "Authorization: Bearer $GHL_TOKEN"`,
        ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
        ...(body === undefined ? [] : [`--data-raw ${quoted(body)}`]),
    ].join(" \\\n  ");
}

function fetchCode(request) {
    const { method, address, search, body } = request;
    const headers = headersOf(request, "YOUR_TOKEN").map(
        ([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`,
    );
    return [
        `const response = await fetch(${JSON.stringify(address + search)}, {`,
        `  method: ${JSON.stringify(method)},`,
        "  headers: {",
        ...headers,
        "  },",
        ...(body === undefined ? [] : [`  body: JSON.stringify(${body}),`]),
        "});",
        "if (!response.ok) throw new Error(`HTTP ${response.status}`);",
        "console.log(await response.json());",
    ].join("\n");
}

/** A JSON value as Python writes it; texts are the same in both. */
function python(value) {
    if (value === null) return "None";
    if (value === true) return "True";
    if (value === false) return "False";
    if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
    if (typeof value !== "object") return JSON.stringify(value);
    return `{${Object.entries(value)
        .map(([name, entry]) => `${JSON.stringify(name)}: ${python(entry)}`)
        .join(", ")}}`;
}

function pythonCode(request) {
    const { method, address, query, body } = request;
    const [, ...headers] = headersOf(request, "").filter(([name]) => name !== "Content-Type");
    return [
        "import os",
        "import requests",
        "",
        "response = requests.request(",
        `    ${JSON.stringify(method)},`,
        `    ${JSON.stringify(address)},`,
        ...(query.length > 0 ? [`    params=${python(query)},`] : []),
        "    headers={",
        '        "Authorization": f"Bearer {os.environ[\'GHL_TOKEN\']}",',
        ...headers.map(([name, value]) => `        ${JSON.stringify(name)}: ${JSON.stringify(value)},`),
        "    },",
        ...(body === undefined ? [] : [`    json=${python(JSON.parse(body))},`]),
        "    timeout=30,",
        ")",
        "response.raise_for_status()",
        "print(response.json())",
    ].join("\n");
}

const pairs = (list) => ({ parameters: list.map(([name, value]) => ({ name, value })) });

/** Paste it into an n8n workflow. */
function n8n(request, name) {
    const { method, address, query, body } = request;
    const parameters = {
        method,
        url: address,
        ...(query.length > 0 && { sendQuery: true, queryParameters: pairs(query) }),
        sendHeaders: true,
        headerParameters: pairs(headersOf(request, "YOUR_TOKEN").filter(([header]) => header !== "Content-Type")),
        ...(body !== undefined && { sendBody: true, specifyBody: "json", jsonBody: body }),
        options: {},
    };
    const node = {
        parameters,
        name: `HighLevel ${name}`,
        type: "n8n-nodes-base.httpRequest",
        typeVersion: 4.2,
        position: [0, 0],
    };
    return JSON.stringify({ nodes: [node], connections: {} }, null, 2);
}

export const LANGUAGES = [
    ["curl", "cURL"],
    ["fetch", "fetch"],
    ["python", "Python"],
    ["n8n", "n8n node"],
];

/** The code of a call; `call` holds `method`, `url`, `body`, `apiBase` and `operation`. */
export function snippet(language, call) {
    const request = requestOf(call);
    if (language === "curl") return curl(request);
    if (language === "fetch") return fetchCode(request);
    if (language === "python") return pythonCode(request);
    return n8n(request, call.operation.name);
}
