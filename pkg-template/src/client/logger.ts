import type { PaymentsEvent } from "./events.js";

/** From which weight on {@link consoleLogger} prints; each level includes those after it. */
export type LogLevel = "debug" | "info" | "warn" | "error";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * An `onEvent` listener that prints to the console, one line for each event.
 *
 * Requests and answers below 400 are `debug`; drift that was repaired is `info`; retries, answers from 400 on and drift
 * that was left as it came are `warn`; answers from 500 on are `error`. An event of a type that this version does not
 * know is `debug`.
 * Nothing that it prints holds the token, a body or a value of a record.
 *
 * ```ts
 * import { consoleLogger, PaymentsClient } from "ghl-payments";
 *
 * const payments = new PaymentsClient({ token, locationId, onEvent: consoleLogger("debug") });
 * ```
 *
 * @param level From which level on it prints; default `"info"`.
 */
export function consoleLogger(level: LogLevel = "info"): (event: PaymentsEvent) => void {
    const least = LEVELS.indexOf(level);
    if (least < 0) throw new TypeError(`consoleLogger: the level must be one of ${LEVELS.join(", ")}`);
    return (event) => {
        const [weight, text] = line(event);
        if (LEVELS.indexOf(weight) >= least) console[weight](`ghl-payments ${event.operation.name}: ${text}`);
    };
}

function line(event: PaymentsEvent): [LogLevel, string] {
    switch (event.type) {
        case "request":
            return ["debug", `request, attempt ${event.attempt}`];
        case "response": {
            const level = event.status >= 500 ? "error" : event.status >= 400 ? "warn" : "debug";
            return [level, `${event.status} after ${Math.round(event.durationMs)} ms, attempt ${event.attempt}`];
        }
        case "ratelimit": {
            const { limit = "?", remaining = "?", dailyRemaining = "?" } = event;
            return ["debug", `${remaining} of ${limit} requests left, ${dailyRemaining} today`];
        }
        case "retry": {
            const status = event.status === undefined ? "" : ` (${event.status})`;
            return ["warn", `${event.reason}${status}, sent again in ${Math.round(event.delayMs)} ms`];
        }
        case "drift": {
            const what = `${event.path || "the answer"} should be ${event.expected}, found ${event.found}`;
            return event.repaired ? ["info", `${what}; repaired`] : ["warn", what];
        }
        default:
            return ["debug", (event as { type: string }).type];
    }
}
