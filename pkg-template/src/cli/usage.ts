/** What is wrong with the words of a command; its message names the one that is to be changed. */
export class UsageError extends Error {}
