/** For so long, in milliseconds, a store may take to answer; D1 ends a statement after 30 s itself. */
export const STORE_MS = 45_000;

/**
 * The work, unless it takes longer than so many milliseconds: of an answer that never comes nothing else tells, and behind it everything
 * else that an object does waits.
 */
export function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new DOMException("it took too long", "TimeoutError")), ms);
        work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
}
