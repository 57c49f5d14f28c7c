// Generated from a description of the API, every answer checked with valibot.

import * as client from "../../generated/valibot/client";
import * as operations from "../../generated/valibot/sdk.gen";
import { over } from "./hey-api.mjs";

export const open = over(client, operations);
