import type { Command } from 'commander';
import type { Api } from './api';
import type { Output } from './output';

/** What a command works with. */
export type Stockctl = Readonly<{ api: Api; out: Output }>;

/** 0: well; 1: something is wrong, or was refused; 2: the command was not understood. */
export type ExitCode = 0 | 1 | 2;

/** What a command does: it shows what it found, and says whether all is well. */
export type Work<Args extends readonly unknown[]> = (stockctl: Stockctl, ...args: Args) => Promise<ExitCode>;

/** Makes an action for commander of what a command does: it gives arguments first, then the options. */
export type Act = <Args extends readonly unknown[]>(work: Work<Args>) => (...args: Args) => Promise<void>;

/** Adds a command to the program. */
export type AddCommand = (program: Command, act: Act) => void;

/** The help of a command ends with examples. */
export const examples = (...lines: readonly string[]): string =>
  ['', 'Examples:', ...lines.map((line) => `  stockctl ${line}`)].join('\n');
