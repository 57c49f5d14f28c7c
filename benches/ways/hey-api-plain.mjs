// Generated from a description of the API, unchecked.

import * as client from "../../generated/plain/client";
import * as operations from "../../generated/plain/sdk.gen";
import { over } from "./hey-api.mjs";

export const open = over(client, operations);
