import { Code } from "@connectrpc/connect";
import { defineErrors } from "../platform/rpc/errors.ts";

export const scenarioErrors = defineErrors({
  SCENARIO_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "There is no scenario of that id; the message names those there are.",
  },
  RUN_NOT_FOUND: { code: Code.NotFound, meaning: "There is no run of that id since the service started." },
  RUN_UNDER_WAY: { code: Code.FailedPrecondition, meaning: "There is one run at a time: wait for it, or stop it." },
  RUN_OVER: { code: Code.FailedPrecondition, meaning: "The run is over already." },
  ANSWER_INVALID: {
    code: Code.InvalidArgument,
    meaning: "The answer is not as scenarios/answer.schema.json; the message says where.",
  },
  ANSWER_GIVEN: { code: Code.AlreadyExists, meaning: "The first answer counts; there is one." },
  TELEMETRY_MISSING: {
    code: Code.FailedPrecondition,
    meaning: "The Observatory cannot be asked: a run would have nothing to judge by.",
  },
  FLAG_NOT_FOUND: { code: Code.NotFound, meaning: "There is no flag of that key; the message names those there are." },
  SERVICE_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "There is no service of that name; the message names those there are.",
  },
  MITIGATION_NOT_FOUND: {
    code: Code.NotFound,
    meaning: "There is no mitigation of that id since the service started.",
  },
  MITIGATION_UNAVAILABLE: {
    code: Code.FailedPrecondition,
    meaning: "It cannot be done where the shop runs; the message tells why, and the command that an operator runs.",
  },
  MITIGATION_UNDER_WAY: {
    code: Code.FailedPrecondition,
    meaning: "There is one mitigation at a time: wait until it is finished.",
  },
  NOTHING_TO_ROLL_BACK: {
    code: Code.FailedPrecondition,
    meaning: "No flag that acts in that service has been changed, or every change is rolled back.",
  },
  LOAD_MISSING: { code: Code.FailedPrecondition, meaning: "The load generator cannot be reached." },
});
