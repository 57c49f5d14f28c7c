// What a proxied call ends with, for the TypeScript of the proxy: nothing that failed, the head of the answer and its body.

export function answered(head, body) {
    return [undefined, JSON.parse(head), body.slice()];
}
