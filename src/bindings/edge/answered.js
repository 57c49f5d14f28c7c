// What a proxied call ends with, for the TypeScript of the proxy: nothing that failed, the head of the answer, its body, and what
// the function for the token threw.

export function answered(head, body, cause) {
    return [undefined, JSON.parse(head), body.slice(), cause];
}

/** The stable code of an error by which it is told apart, if it has one. It may be anything, also what throws when it is looked at. */
export function codeOf(error) {
    try {
        const { code } = error;
        return typeof code === "string" && /^[a-z][a-z0-9_]{0,63}$/.test(code) ? code : undefined;
    } catch {
        return undefined;
    }
}

/** Whether an error says that asking again is of no use. */
export function lasts(error) {
    try {
        return error.retryable === false;
    } catch {
        return false;
    }
}
