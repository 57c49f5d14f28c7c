export {
    agencyHint,
    agencyInstalled,
    agencyScheduled,
    agencyStatus,
    cancelAgencySync,
    locationFetch,
    resumeAgencySync,
    retryAgencySync,
    startAgencySync,
    type AgencySchedule,
    type RetryOptions,
} from "./agency.js";
export { AgencyError, type AgencyErrorCode, type AgencyErrorJson } from "./agency-error.js";
export { configureAgency } from "./config.js";
export type {
    AgencyBatch,
    AgencyCounts,
    AgencyEnv,
    AgencyEnvelope,
    AgencyLocationState,
    AgencyLocationStatus,
    AgencyManifest,
    AgencyManifestLocation,
    AgencyMessage,
    AgencyMode,
    AgencyOptions,
    AgencyRunOptions,
    AgencyStatus,
    AgencyStatusOptions,
    AgencyStreamStatus,
    AgencyTokenContext,
    QueuedSync,
    StalledRun,
    SyncQueue,
} from "./config.js";
export { parquetFiles, type FileFormat, type FilePart, type FilesEnv, type ParquetLibrary, type R2Like, type R2TextLike } from "./files.js";
export type { DatabaseEnv, SyncFile } from "./database.js";
export { agencyQueue } from "./queue.js";
export { rollup, type RollupBy, type RollupOptions, type RollupRow, type RollupStream } from "./rollup.js";
export type { AgencyState, AgencyStorage } from "./storage.js";
