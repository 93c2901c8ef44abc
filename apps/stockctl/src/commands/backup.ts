import { type AddCommand, examples } from '../stockctl';

/** It reads the stores, not the API, so it is a program of its own; whoever looks for it here is told. */
export const HINTS = `Backup and restore need the stores themselves, so they are no part of the HTTP API. docs/backup.md says what is in
a backup; the folder must be new.

Here, while everything runs, and into servers that hold nothing while no app runs:
  npm run backup -- /backups/2026-01-07
  npm run restore -- /backups/2026-01-07

In containers, into the volume "backups":
  docker compose run --rm backup save /backups/2026-01-07 --streams-only

Afterwards:
  stockctl sync && stockctl verify`;

export const addBackup: AddCommand = (program, act) => {
  program
    .command('backup')
    .summary('how to save everything, and bring it back')
    .description('Says how to save everything, and how to bring it back.')
    .addHelpText('after', examples('backup'))
    .action(
      act(async ({ out }) => {
        out.show({ raw: { hints: HINTS }, value: HINTS }, (hints) => hints);
        return 0;
      }),
    );
};
