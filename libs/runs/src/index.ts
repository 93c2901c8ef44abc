export { answerRun, type RunCaller } from './answer-run';
export {
  type AnyRun,
  anyRunSchema,
  isFinished,
  operationKinds,
  type RunLike,
  runErrorSchema,
  runFields,
  runStatuses,
  sweepKinds,
} from './run';
export { type RunProgress, runProgress, runProgressSchema, secondsOf } from './run-view';
export { newRunId, Runs } from './runs';
