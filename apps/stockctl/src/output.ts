import type { Answer } from './api';
import { asJson, printable } from './printed';

type Writer = Readonly<{ write: (text: string) => unknown; isTTY?: boolean; columns?: number }>;

/** What the command prints: answers to stdout, as text or as JSON; what is said beside them to stderr. */
export type Output = Readonly<{
  isJson: boolean;
  /** The answer, in words or as it came. */
  show: <T>(answer: Answer<T>, inWords: (value: T) => string) => void;
  /** One of many lines, each of them complete. */
  line: (value: unknown, inWords: string) => void;
  say: (text: string) => void;
  /** Replaces the line before it on a terminal; nothing ends it. Nothing elsewhere. */
  progress: (lineOf: ((columns: number) => string) | undefined) => void;
}>;

export const outputTo = (stdout: Writer, stderr: Writer, isJson: boolean): Output => {
  const print = (text: string) => stdout.write(`${printable(text).trimEnd()}\n`);
  return {
    isJson,
    show: ({ raw, value }, inWords) =>
      isJson ? stdout.write(`${asJson(raw ?? value, 2)}\n`) : print(inWords(value)),
    line: (value, inWords) => (isJson ? stdout.write(`${asJson(value)}\n`) : print(inWords)),
    say: (text) => stderr.write(`${printable(text)}\n`),
    progress: (lineOf) => {
      if (stderr.isTTY)
        stderr.write(`\r\u001B[K${lineOf ? printable(lineOf((stderr.columns ?? 80) - 1)) : ''}`);
    },
  };
};
