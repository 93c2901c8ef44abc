export { type BuriedMessage, type DeadLetterStatus, deadLetterStatuses } from './dead-letter';
export { DeadLetterModule } from './dead-letter.module';
export { DeadLetterDecisions } from './dead-letter-decisions';
export { DeadLetterStates } from './dead-letter-states';
export { DeadLetters, type OpenCount } from './dead-letters';
