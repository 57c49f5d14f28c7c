/** Tells how far something has come, on stderr. */
export interface Progress {
    /** So many records of so many are there, in so many bytes. */
    tell(records: number, total: number | undefined, bytes: number): void;
    /** What is done now. */
    say(text: string): void;
    /** The last line. */
    end(text: string): void;
}

/** On a terminal the bar is drawn so often; elsewhere a line is written so often. */
const DRAW_MS = 100;
const LINE_MS = 10_000;

const WIDTH = 24;

/** Where there is a terminal, a bar in one line; elsewhere a line from time to time. */
export function inProgress(name: string, quiet: boolean): Progress {
    const { stderr } = process;
    const began = Date.now();
    let [told, from] = [0, -1];
    const line = (text: string, last = false) => {
        if (quiet) return;
        if (!stderr.isTTY) stderr.write(`${text}\n`);
        else stderr.write(`\r\u001b[2K${text.slice(0, Math.max((stderr.columns ?? 80) - 1, 20))}${last ? "\n" : ""}`);
    };
    return {
        tell(records, total, bytes) {
            if (from < 0) from = records;
            const now = Date.now();
            if (now - told < (stderr.isTTY ? DRAW_MS : LINE_MS)) return;
            told = now;
            const rate = ((records - from) * 1000) / Math.max(now - began, 1);
            const known = total !== undefined && total > 0;
            const share = known ? Math.min(records / total, 1) : 0;
            const full = Math.round(share * WIDTH);
            const bar = known ? `[${"#".repeat(full)}${"-".repeat(WIDTH - full)}] ${Math.floor(share * 100)} %, ` : "";
            const left = known && rate > 0 ? `, ${clock((total - records) / rate)} left` : "";
            const speed = rate > 0 ? `, ${Math.round(rate)}/s` : "";
            line(`${name} ${bar}${records}${known ? ` of ${total}` : ""}, ${(bytes / 1e6).toFixed(1)} MB${speed}${left}`);
        },
        say: (text) => line(text),
        end: (text) => line(text, true),
    };
}

function clock(seconds: number): string {
    const whole = Math.max(Math.round(seconds), 0);
    return `${Math.floor(whole / 60)}:${`${whole % 60}`.padStart(2, "0")}`;
}
