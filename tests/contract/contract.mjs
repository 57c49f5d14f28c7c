// Judges requests and answers by `payments.openapi.json`. Nothing of the package is used here: models, shape tables and
// the sandbox's own checks have no say.

import { DESCRIBED, DOCUMENT, resolved } from "./operations.mjs";

const ORIGIN = "https://services.leadconnectorhq.com";
/** Faults that make an answer wrong on purpose; the sandbox names the fault in the answer's `x-sandbox-fault`. */
const FALSIFYING = ["html", "applied-then=html", "truncated", "drift"];
const WITHOUT_BODY = [204, 205, 304];

/** The contract, with `tool`, which requires ajv and ajv-formats. */
export class Contract {
    #ajv;
    #checks = new Map();
    /** The operations, `{ id, method, path, pattern, parameters, spec }`. */
    operations = DESCRIBED.map((operation) => ({
        ...operation,
        pattern: new RegExp(`^${operation.path.replace(/\{\w+\}/g, "([^/]+)")}$`),
    }));

    constructor(tool) {
        const { Ajv2020 } = tool("ajv/dist/2020");
        this.#ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictRequired: false, strictTypes: false });
        tool("ajv-formats").default(this.#ajv);
        this.#ajv.addVocabulary(["x-known-values", "x-promised", "x-simulated"]);
        // `multipleOf` divides: 0.3 is no multiple of 0.0001 then.
        const few = (most, number) => (/\.(\d+)$/.exec(String(number))?.[1].length ?? 0) <= most && !/e-/.test(number);
        this.#ajv.addKeyword({ keyword: "x-decimals", type: "number", schemaType: "number", validate: few });
        const { schemas } = DOCUMENT.components;
        this.#ajv.addSchema({ $id: "open", $defs: pointing("open", schemas) });
        this.#ajv.addSchema({ $id: "closed", $defs: pointing("closed", closed(schemas)) });
    }

    /** The operation that a request belongs to. A base URL may put its own path in front. */
    operation({ method, url }) {
        const path = new URL(url).pathname.replace(/^.*?(?=\/payments\/)/, "");
        const found = this.operations.find((operation) => operation.method === method && operation.pattern.test(path));
        return found && { ...found, ids: found.pattern.exec(path).slice(1) };
    }

    /** What is wrong with a request of the client, or with one of somebody else that the sandbox has accepted. */
    request(request, { ofClient = true } = {}) {
        const operation = this.operation(request);
        if (operation === undefined) return [`${request.method} ${new URL(request.url).pathname}: no such operation`];
        const found = [
            ...this.#path(operation),
            ...this.#query(operation, request, ofClient),
            ...this.#body(operation, request),
        ];
        if (ofClient) found.push(...this.#headers(operation, request));
        return found.map((violation) => `${operation.id}: ${violation}`);
    }

    /** What is wrong with an answer of the sandbox; undefined for one that is false on purpose. */
    answer(request, answer) {
        const headers = new Headers(answer.headers);
        const fault = headers.get("x-sandbox-fault") ?? "";
        if (FALSIFYING.some((name) => fault.split(";").some((directive) => directive.trim().startsWith(name)))) {
            return undefined;
        }
        const { status } = answer;
        if (fault !== "" && WITHOUT_BODY.includes(status)) return undefined;
        const operation = this.operation(request);
        const found = [];
        const success = status >= 200 && status < 300 && fault === "";
        const responses = operation?.spec.responses ?? { default: { $ref: "#/components/responses/Error" } };
        if (success && responses[status] === undefined) {
            return [`${operation?.id ?? "no operation"}: answer: status ${status} is not described`];
        }
        const response = resolved(responses[status] ?? responses.default);
        const type = (headers.get("content-type") ?? "").split(";")[0];
        if (type !== "application/json") found.push(`answer: content-type is "${type}"`);
        for (const [name, header] of Object.entries(DOCUMENT.components.responses.RateLimited.headers)) {
            // A fault may come from a server in front of the one that counts.
            const value = headers.get(name);
            if (value !== null || fault === "") found.push(...this.#value(header.schema, value, `answer: ${name}`));
        }
        const body = parsed(answer.body);
        if (body === undefined) return [...found, "answer: the body is not JSON"];
        const schema = response.content["application/json"].schema;
        found.push(...this.#violations("closed", schema, body, `answer ${status}: body`));
        if (!success && (body.statusCode ?? body.status ?? status) !== status) {
            found.push(`answer ${status}: the body names another status, ${JSON.stringify(body)}`);
        }
        return found.map((violation) => `${operation?.id ?? "no operation"}: ${violation}`);
    }

    #query({ parameters, spec }, { url }, ofClient) {
        const query = new URL(url).searchParams;
        const known = parameters.filter((parameter) => parameter.in === "query");
        const found = [];
        for (const name of new Set(query.keys())) {
            const parameter = known.find((parameter) => parameter.name === name);
            if (parameter === undefined) {
                found.push(`query: ${name} is unknown`);
            } else if (query.getAll(name).length > 1) {
                found.push(`query: ${name} stands there twice`);
            } else {
                const { schema, "x-tolerated": tolerated } = parameter;
                const judged = (schema) => this.#value(schema, query.get(name), `query: ${name}`);
                if (ofClient || tolerated === undefined || judged(tolerated).length > 0) found.push(...judged(schema));
            }
        }
        for (const { name, required } of known) {
            if (required && !query.has(name)) found.push(`query: ${name} is missing`);
        }
        const alternatives = spec["x-one-of"];
        if (alternatives !== undefined && !alternatives.some((name) => query.has(name))) {
            found.push(`query: one of ${alternatives.join(", ")} is missing`);
        }
        return found;
    }

    #path({ parameters, ids }) {
        return parameters
            .filter((parameter) => parameter.in === "path")
            .flatMap(({ name, schema }, i) => {
                const id = decoded(ids[i]);
                if (id === undefined) return [`path: ${name} is ${ids[i]}`];
                return this.#value(schema, id, `path: ${name}`);
            });
    }

    #body({ spec }, { body }) {
        const schema = spec.requestBody?.content["application/json"].schema;
        const sent = body !== "";
        if (schema === undefined) return sent ? ["body: there must be none"] : [];
        const value = parsed(body);
        if (value === undefined) return [sent ? "body: not JSON" : "body: missing"];
        return this.#violations("open", schema, value, "body");
    }

    #headers({ parameters, spec }, { url, headers: list }) {
        const headers = new Headers(list);
        const found = [];
        for (const { name, required, schema } of parameters.filter((parameter) => parameter.in === "header")) {
            if (headers.has(name)) found.push(...this.#value(schema, headers.get(name), `header: ${name}`));
            else if (required) found.push(`header: ${name} is missing`);
        }
        const token = headers.get("authorization");
        // Towards any other server it may be that one which adds the token.
        if (token === null ? url.startsWith(`${ORIGIN}/`) : !/^Bearer \S+$/.test(token)) {
            found.push("header: Authorization is not a bearer token");
        }
        if (headers.get("accept") !== "application/json") found.push("header: Accept is not application/json");
        const type = headers.get("content-type");
        const wanted = spec.requestBody === undefined ? null : "application/json";
        if (type !== wanted) found.push(`header: Content-Type is ${type}, not ${wanted}`);
        return found;
    }

    /** Judges a text by the schema of a value that was written as text. */
    #value(schema, text, where) {
        return this.#violations("open", schema, typed(schema, text), where);
    }

    #violations(world, schema, value, where) {
        const key = `${world} ${JSON.stringify(schema)}`;
        if (!this.#checks.has(key)) this.#checks.set(key, this.#ajv.compile(pointing(world, schema)));
        const check = this.#checks.get(key);
        if (check(value)) return [];
        return check.errors.map(({ instancePath, message, params }) => {
            const [detail] = Object.values(params).flat();
            return `${where}${instancePath} ${message}${typeof detail === "string" ? ` (${detail})` : ""}`;
        });
    }
}

/** The value with its references into the contract turned into references to the schema `id`. */
function pointing(id, value) {
    return JSON.parse(JSON.stringify(value).replaceAll('"#/components/schemas/', `"${id}#/$defs/`));
}

/**
 * The schemas as they bind a simulated backend: it invents no field and no value of an open list, and it sends what the
 * published description promises.
 */
function closed(value) {
    if (Array.isArray(value)) return value.map(closed);
    if (typeof value !== "object" || value === null) return value;
    const out = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]));
    const { properties, "x-promised": promised = [], "x-known-values": known } = out;
    if (out.type === "object" && properties !== undefined) {
        Object.assign(properties, out["x-simulated"]);
        out.additionalProperties = false;
        out.required = [...(out.required ?? []), ...promised];
        for (const name of promised) {
            const { type } = properties[name];
            if (Array.isArray(type)) properties[name] = { ...properties[name], type: type[0] };
        }
    }
    if (known !== undefined) out.enum = [].concat(out.type).includes("null") ? [...known, null] : known;
    return out;
}

/** A text of a query or a header as the value that its schema means; as text where it cannot be one. */
function typed(schema, text) {
    if (text === null) return null;
    switch (schema.type) {
        case "integer":
        case "number":
            return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
        case "boolean":
            return text === "true" || (text === "false" ? false : text);
        case "array":
            return text.split(",");
        default:
            return text;
    }
}

function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

function decoded(segment) {
    try {
        return decodeURIComponent(segment);
    } catch {
        return undefined;
    }
}
