/**
 * What a call gives, unless that takes longer than so many milliseconds; also of one that throws or gives no promise. Of an answer that
 * never comes nothing else tells, and behind it everything else waits.
 */
export function inTime<T>(ms: number, call: () => T | PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => reject(new DOMException("no answer in time", "TimeoutError")), ms);
        const work = (async () => call())();
        work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
}
