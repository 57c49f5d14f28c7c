// Generated from a description of the API, every answer checked with zod.

import * as client from "../../generated/zod/client";
import * as operations from "../../generated/zod/sdk.gen";
import { over } from "./hey-api.mjs";

export const open = over(client, operations);
