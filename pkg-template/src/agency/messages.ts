import type { AgencyLocationStatus, AgencyMessage, AgencyRunOptions, AgencyStatus, AgencyStatusOptions } from "./config.js";
import type { SyncStream } from "../edge-core.js";
import type { SyncFile } from "./database.js";
import type { AgencyErrorCode } from "./agency-error.js";

/** How a run can end for a location. */
export type Ended = "done" | "failed" | "revoked";

/** What a location tells its company. */
export interface Report {
    /** The run. */
    run: string;
    /** The location. */
    location: string;
    /** Whose turn it was. */
    slice: number;
    /** `working`: it goes on. `yielded`: it gives its slot back. `over`: nothing of the run is left to do, see `state`. */
    event: "working" | "yielded" | "over";
    /** Of one that is over. */
    state?: Ended;
    /** How far it has come. */
    view: Pick<AgencyLocationStatus, "streams" | "records" | "failures" | "reason">;
    /** Of one that yields: when it wants to go on, in milliseconds since 1970. */
    due?: number;
    /** Its files, of one that is over. */
    files?: SyncFile[];
}

/** What a company says to that. */
export interface Heard {
    /** Whether others wait for a slot. */
    othersWait: boolean;
}

/** An error as it crosses from an object to who has called it: classes do not. */
export interface Refused {
    /** What was wrong. */
    refused: {
        /** A stable text. */
        code: AgencyErrorCode;
        /** What happened. */
        message: string;
        /** The run that it is about. */
        run?: string;
    };
}

/** What a company is told of a run that is to begin. */
export interface Wanted extends Required<Omit<AgencyRunOptions, "locations">> {
    /** The locations, where they are given. */
    locations?: readonly string[];
}

/** What `GhlCompany` answers to. */
export interface CompanyObject {
    /** @internal Begins a run. */
    start(wanted: Wanted): Promise<{ run: string } | Refused>;
    /** @internal Takes a report; the same one twice changes nothing. */
    report(report: Report): Promise<Heard>;
    /** @internal A message that nobody could deliver. */
    undeliverable(message: AgencyMessage): Promise<void>;
    /** @internal What is known of a run. */
    status(run: string, options: AgencyStatusOptions): Promise<AgencyStatus | Refused>;
    /** @internal Puts locations that have failed back into the line. */
    retry(run: string, locations: readonly string[] | undefined): Promise<{ run: string } | Refused>;
    /** @internal Sends everything again that is at work. */
    resume(run: string): Promise<{ run: string } | Refused>;
    /** @internal Ends a run. */
    cancel(run: string): Promise<{ run: string } | Refused>;
    /** @internal A location has the app, or has it no more; without a location the company has it no more. */
    installed(company: string, location: string | undefined, has: boolean, at: number): Promise<void>;
    /** @internal Looks after its runs; gives whether there is one. */
    tend(): Promise<boolean>;
    /** @internal Of the object that knows all companies: notes one, with what its runs read. */
    register(company: string, streams: readonly SyncStream[], details: boolean): Promise<void>;
    /**
     * @internal Of the object that knows all companies: of which company each location was, and is; since then it is of the given one,
     * unless it came to another one later.
     */
    home(locations: readonly string[], company: string | undefined, at: number): Promise<Home[]>;
    /** @internal Of the object that knows all companies: them, in the order of their ids. */
    registered(): Promise<Pick<Wanted, "company" | "streams" | "details">[]>;
}

/** Of which company a location was before something was told of it, and is now. */
export interface Home {
    /** Before. */
    was: string | undefined;
    /** Now. */
    is: string | undefined;
}

/** A request that a location sends for somebody. */
export interface Sent {
    /** Its address. */
    url: string;
    /** Its method. */
    method: string;
    /** Its headers, the token's among them. */
    headers: Record<string, string>;
    /** Its body. */
    body?: string;
}

/** Why it got no answer: an error that crosses as one stands in the log of the object as one that nobody has caught. */
export interface Unanswered {
    /** The error. */
    failed: {
        /** `TimeoutError`, `AbortError`, or what else it is called. */
        name: string;
        /** What happened. */
        message: string;
    };
}

/** Says whether who has asked still waits for the answer; rejects where its request has ended. */
export type Here = () => boolean | Promise<boolean>;

/** What `GhlLocation` answers to. */
export interface LocationObject {
    /** @internal Begins a turn. Twice, late and out of order changes nothing; gives whether it was news. */
    begin(message: AgencyMessage): Promise<boolean>;
    /** @internal Something has changed there, such as this order; gives whether it looks. */
    hint(streams: readonly SyncStream[], order?: string): Promise<boolean>;
    /** @internal Sends a request before those of the sync, if who has asked is still there when it may go out. */
    send(request: Sent, here: Here): Promise<Response | Unanswered>;
}

/** How runs of a company are named: with the time at which they begin. */
export function runName(company: string, at: number, chance: string): string {
    return `${company}-${new Date(at).toISOString().replace(/[-:.]/g, "")}-${chance}`;
}

/** Whose run it is; `undefined` of what is no name of a run. */
export function companyOf(run: string): string | undefined {
    return /^(\w[\w-]{0,63})-\d{8}T\d{9}Z-[a-z0-9]{6}$/.exec(run)?.[1];
}

/** Whether it is an id of a location or a company, which names an object, a folder and a row. */
export function isId(value: unknown): value is string {
    return typeof value === "string" && /^\w[\w-]{0,63}$/.test(value);
}

/** Whether it is the name of a run. */
export function isRun(value: unknown): value is string {
    return typeof value === "string" && companyOf(value) !== undefined;
}
