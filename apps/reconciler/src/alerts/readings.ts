/** What is measured for the alerts. What is absent could not be read now, or says nothing: its alert stays as it is. */
export type Readings = Partial<
  Readonly<{
    /** What waits before the translator and the projections. */
    backlog: readonly Readonly<{ consumer: string; events: number; oldestSeconds: number }>[];
    /** Of the runs that ended within 24 hours; `rate` is 0 to 1. */
    syncSuccess: Readonly<{ rate: number; runs: number }>;
    /** Of the newest run that had items; `share` is 0 to 1. */
    failedItems: Readonly<{ runId: string; share: number }>;
    /** Of the run that goes on, or else the newest one, against those of its kind before it. */
    runDuration: Readonly<{ runId: string; seconds: number; medianSeconds: number }>;
    /** By the newest whole sweep. */
    stock: Readonly<{ ageSeconds: number; items: number; minItems: number }>;
    deadLetters: number;
    /** Drifts that wait for a decision, and those of them that have waited for an hour. */
    drift: Readonly<{ open: number; openForAnHour: number }>;
    /** How long no webhook has come, on a working day while sweeps find changes; 0 when one has, or they find none. */
    silentHours: number;
    /** Calls to Zoho that are left of the day's. */
    quota: Readonly<{ remaining: number; limit: number }>;
    /** Of the newest verification of the ledger. */
    brokenInvariants: Readonly<{ runId: string; count: number }>;
  }>
>;
