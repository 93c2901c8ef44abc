export { answerRun, type RunCaller } from './answer-run';
export {
  type AnyRun,
  anyRunSchema,
  type CarriedRun,
  carriedRunFields,
  isFinished,
  operationKinds,
  type RunLike,
  runErrorSchema,
  runFields,
  runStatuses,
  sweepKinds,
  type VerifyScope,
  verifyScopes,
} from './run';
export { RunCarrier, type RunCarrierTiming, type RunWork } from './run-carrier';
export { type RunView, runProgress, runProgressSchema, runView, runViewSchema, secondsOf } from './run-view';
export { newRunId, Runs } from './runs';
