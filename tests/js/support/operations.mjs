// The operations as the contract describes them, with arguments that fit for each: what a suite says of every operation is made
// from this list.

import { DESCRIBED, resolved } from "../../contract/operations.mjs";

const SAFETY = { read: "read", idempotent_write: "idempotent", non_idempotent_write: "once" };

/**
 * Each operation: its method in the client (`name`) and its request, whether it may be sent twice (`safety`: `read`,
 * `idempotent` or `once`), and the status of a second time where the first leaves nothing to do (`again`).
 */
export const OPERATIONS = DESCRIBED.map(({ id, method, path, parameters, spec }) => ({
    name: spec["x-js-method"],
    id,
    method,
    path,
    scope: spec["x-scope"] ?? undefined,
    safety: SAFETY[spec["x-safety"]],
    again: spec["x-again"],
    example: spec["x-example"],
    docs: spec.externalDocs.url,
    query: parameters.filter(({ in: place }) => place === "query"),
    body: resolved(spec.requestBody?.content["application/json"].schema),
}));

/** The methods of the client by their names, such as `orders.get`. */
export const METHODS = OPERATIONS.map(({ name }) => name);

/** Those of them that change nothing. */
export const READS = OPERATIONS.filter(({ safety }) => safety === "read").map(({ name }) => name);

/** `{orders paymentStatus=unpaid: _id}`: a list, which of its records, and which field. */
const REFERENCE = /^\{(\w+)(?: (\w+)=(\w+))?: ([\w.]+)\}$/;

/** Arguments that fit for an operation; `held` gives the field of a record that the account holds. */
function fitting({ example }, held) {
    const filled = JSON.parse(JSON.stringify(example), (_, value) => {
        const reference = typeof value === "string" && REFERENCE.exec(value);
        return reference ? held(...reference.slice(1)) : value;
    });
    return [filled.id, filled.params].filter((argument) => argument !== undefined);
}

const byName = (argumentsOf) => Object.fromEntries(OPERATIONS.map((operation) => [operation.name, argumentsOf(operation)]));

/** Arguments of every operation where no record has to be there: each that they name is this one. */
export function argumentsWith(id) {
    return byName((operation) => fitting(operation, () => id));
}

/** The arguments of every operation, from what a sandbox holds. */
export async function argumentsIn({ PaymentsClient }, sandbox) {
    const { token, locationId, fetch } = sandbox;
    const payments = new PaymentsClient({ token: token(), locationId, fetch });
    const [location] = sandbox.state().locations;
    const undelivered = location.orders.find(({ fulfillmentStatus }) => fulfillmentStatus === "unfulfilled");
    const lists = { ...location, order: [await payments.orders.get(undelivered._id)] };
    const held = (list, key, wanted, field) => {
        const record = lists[list].find((one) => key === undefined || String(one[key]) === wanted);
        const found = field.split(".").reduce((value, name) => value?.[name], record);
        if (found === undefined) throw new Error(`the sandbox has no ${list} ${key}=${wanted}: ${field}`);
        return found;
    };
    return byName((operation) => fitting(operation, held));
}
