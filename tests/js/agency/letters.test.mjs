// A message that nobody could deliver ends in the dead letter queue; from there its location comes to the line again, and where that
// does not help either it has failed, with its reason, until somebody tries it again.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { serveLocations, startAgency } from "../support/agency.mjs";
