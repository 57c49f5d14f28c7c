import { pause } from "../exchange.js";
import { OAuthError } from "./oauth-error.js";

/** Who holds a row or waits for it shows so often that it is still there. */
const BEAT_MS = 100;

/** Who was not heard of for so many beats is gone: a Worker's request can end at any wait, and then nothing of it runs. */
const MISSED_BEATS = 3;

/** For so long anybody waits for a row. */
export const MAX_WAIT_MS = 45_000;

/** One who holds a row, or waits for it. */
class Ticket {
    beats = 0;
    /** Ends its wait early. */
    wake: () => void = () => {};
    readonly timer = repeat(() => this.beats++, BEAT_MS);
}

/** In a process one works on a row at a time, in the order in which they came. */
export class Turns {
    readonly #lines = new Map<string, Ticket[]>();

    /** Does the work when nobody else works on the row; `holds` says whether that is still so. */
    async run<T>(id: string, work: (holds: () => boolean) => Promise<T>): Promise<T> {
        const line = this.#lines.get(id) ?? [];
        this.#lines.set(id, line);
        const ticket = new Ticket();
        line.push(ticket);
        try {
            await this.#turn(line, ticket);
            return await work(() => line[0] === ticket);
        } finally {
            clearInterval(ticket.timer);
            leave(line, ticket);
            if (line.length === 0 && this.#lines.get(id) === line) this.#lines.delete(id);
        }
    }

    async #turn(line: Ticket[], ticket: Ticket): Promise<void> {
        let first: Ticket | undefined;
        let heard = -1;
        let missed = 0;
        for (let waited = 0; line[0] !== ticket; waited += BEAT_MS) {
            if (waited >= MAX_WAIT_MS) throw busy();
            if (line[0] !== first) [first, heard, missed] = [line[0], -1, 0];
            // The one before may belong to a request that has ended: its own timer ends the wait in any case.
            await Promise.race([new Promise<void>((resolve) => (ticket.wake = resolve)), pause(BEAT_MS)]);
            if (line[0] !== first) continue;
            missed = first!.beats === heard ? missed + 1 : 0;
            heard = first!.beats;
            if (missed >= MISSED_BEATS) leave(line, first!);
        }
    }
}

function leave(line: Ticket[], ticket: Ticket): void {
    const at = line.indexOf(ticket);
    if (at < 0) return;
    line.splice(at, 1);
    if (at === 0) line[0]?.wake();
}

/** A timer that does not keep a process alive. */
export function repeat(act: () => void, ms: number): ReturnType<typeof setInterval> {
    const timer = setInterval(act, ms);
    (timer as { unref?: () => void }).unref?.();
    return timer;
}

/** The error of who has waited long enough. */
export function busy(): OAuthError {
    return new OAuthError({ code: "store_busy", message: "somebody else works on the row for too long", retryable: true });
}
