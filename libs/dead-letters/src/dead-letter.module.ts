import { Module } from '@nestjs/common';
import { DeadLetterDecisions } from './dead-letter-decisions';
import { DeadLetterStates } from './dead-letter-states';
import { DeadLetters } from './dead-letters';

const book = [DeadLetterStates, DeadLetters, DeadLetterDecisions];

/** The book of dead letters, one for all apps of a process. */
@Module({ providers: book, exports: book })
export class DeadLetterModule {}
