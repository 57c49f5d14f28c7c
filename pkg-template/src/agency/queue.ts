import { invalid } from "../client/input.js";
import { call } from "./calls.js";
import { settingsOf, type AgencyBatch, type AgencyEnv, type AgencyMessage, type QueuedSync } from "./config.js";
import { isId, isRun, type CompanyObject, type LocationObject } from "./messages.js";
import { nameOf } from "./names.js";

/** The longest pause, in seconds, before a message comes again. */
const MAX_DELAY = 60;

/**
 * Consumes the queue of the sync, and its dead letter queue where that has this consumer as well: each message begins the turn of one
 * location, which then works on by itself. Messages may come twice, late and out of order. Those that are not of the sync are left to
 * the caller.
 *
 * ```ts
 * import { agencyQueue, type AgencyBatch, type AgencyEnv } from "ghl-payments/cloudflare";
 *
 * export default {
 *     queue: (batch: AgencyBatch, env: AgencyEnv) => agencyQueue(batch, env),
 * };
 * ```
 *
 * Never rejects because of a message: one whose location cannot be reached comes again, with growing pauses, and ends in the dead letter
 * queue; from there, or where there is none, the company puts its location into the line again.
 *
 * @param batch What the queue gives.
 * @param env The Worker's bindings.
 */
export async function agencyQueue(batch: AgencyBatch, env: AgencyEnv): Promise<void> {
    if (!Array.isArray(batch?.messages)) throw invalid("batch", "must be what the queue gives: it has messages");
    const { isDead, log } = settingsOf(env);
    const dead = isDead(batch.queue);
    const one = async (queued: QueuedSync): Promise<void> => {
        const message = read(queued.body);
        if (message === undefined) {
            log({ event: "foreign", queue: batch.queue, problem: "a message that is not of the sync" });
            return;
        }
        const { company, location, run, slice } = message;
        try {
            if (dead) await call<CompanyObject, "undeliverable">(env.COMPANIES, company, "undeliverable", message);
            else await call<LocationObject, "begin">(env.LOCATIONS, location, "begin", message);
            queued.ack();
        } catch (cause) {
            const delaySeconds = Math.min(MAX_DELAY, 2 ** Math.min(queued.attempts ?? 1, 10));
            log({ event: "undelivered", run, location, slice, attempts: queued.attempts, error: nameOf((cause as Error).cause ?? cause) });
            queued.retry({ delaySeconds });
        }
    };
    await Promise.all(batch.messages.map(one));
}

/** A message of the sync, as this or another version of the package has sent it, as plain data; `undefined` of anything else. */
function read(body: unknown): AgencyMessage | undefined {
    try {
        const message = JSON.parse(JSON.stringify(body)) as AgencyMessage;
        const { type, company, location, run, slice, started, streams } = message;
        const numbers = Number.isSafeInteger(slice) && Number.isSafeInteger(started);
        return type === "sync" && isId(company) && isId(location) && isRun(run) && numbers && Array.isArray(streams) ? message : undefined;
    } catch {
        return undefined;
    }
}
