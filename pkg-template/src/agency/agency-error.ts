/** Why a part of the agency sync failed, in a stable text. */
export type AgencyErrorCode =
    /** A D1 database failed; see `cause`. */
    | "database_failed"
    /** A D1 database lacks the tables of this package. */
    | "database_not_migrated"
    /** A D1 database was used before with another number of databases, or as another one of them. */
    | "databases_changed"
    /** R2 failed; see `cause`. */
    | "files_failed"
    /** A Durable Object failed, or was overloaded; see `cause`. */
    | "object_failed"
    /** The company has a run that has not ended; see `run`. */
    | "run_active"
    /** The run was canceled while it began: nothing of it is left. */
    | "run_canceled"
    /** What `configureAgency` has for `locations` gave something else than a list of ids. */
    | "bad_locations"
    /** No location of the company is known. */
    | "no_locations"
    /** A location that was named is one of another company. */
    | "other_company"
    /** There is no run of this name, or it is forgotten. */
    | "unknown_run"
    /** A sum is larger than a number can say exactly. */
    | "sum_too_large";

/** What an error is made from. */
interface Info {
    /** A stable text in snake case. */
    code: AgencyErrorCode;
    /** What happened. */
    message: string;
    /** Whether doing the same again later may help. */
    retryable?: boolean;
    /** The run that it is about, if it is about one. */
    run?: string;
}

/** An {@link AgencyError} as plain data. */
export interface AgencyErrorJson extends Info {
    /** Always `AgencyError`. */
    name: "AgencyError";
}

/** Known to all copies of the package in a process. */
const BRAND = Symbol.for("ghl-payments.AgencyError");

/** Why a part of the agency sync failed. It holds no token and no record. */
export class AgencyError extends Error {
    /** Always `AgencyError`. */
    declare readonly name: "AgencyError";
    /** A stable text in snake case. */
    declare readonly code: AgencyErrorCode;
    /** Whether doing the same again later may help. */
    declare readonly retryable: boolean;
    /** The run that it is about, if it is about one. */
    declare readonly run?: string;

    /** @internal */
    constructor({ message, ...fields }: Info, cause?: unknown) {
        super(message, cause === undefined ? undefined : { cause });
        Object.assign(this, { retryable: false }, fields);
    }

    static {
        Object.defineProperty(this.prototype, "name", { value: "AgencyError", configurable: true, writable: true });
        Object.defineProperty(this.prototype, BRAND, { value: true });
    }

    /**
     * Whether a value is such an error, also of another copy of the package.
     *
     * @param value Anything.
     */
    static is(value: unknown): value is AgencyError {
        try {
            return (value as { [BRAND]?: unknown } | null | undefined)?.[BRAND] === true;
        } catch {
            return false;
        }
    }

    /** The error as plain data, without `cause` and `stack`. */
    toJSON(): AgencyErrorJson {
        return { name: "AgencyError", message: this.message, ...(this as Omit<AgencyErrorJson, "name" | "message">) };
    }
}
