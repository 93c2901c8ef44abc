/** What goes wrong with a call. `answer`: this instead of the truth; the others come with the truth, late or torn. */
export type Fault = Readonly<
  | { kind: 'answer'; status: number; code: number; message: string; headers: Record<string, string> }
  | { kind: 'broken' }
  | { kind: 'hang' }
  | { kind: 'cut' }
  | { kind: 'latency'; milliseconds: number }
>;

/** A fault for the next `times` calls to an endpoint, after letting `after` of them pass. */
export type PlannedFault = Readonly<{ endpoint: string; times: number; after: number; fault: Fault }>;
export type FaultPlan = ReturnType<typeof faultPlan>;

/** The faults that are still to come, each for the calls of one endpoint, `*` for all. */
export const faultPlan = () => {
  let planned: { endpoint: string; times: number; after: number; fault: Fault }[] = [];
  let met = 0;
  return {
    add: (fault: PlannedFault): void => {
      planned.push({ ...fault });
    },
    /** What goes wrong with this call: the first plan that fits it, latency besides. */
    next: (endpoint: string): Fault[] => {
      const due: Fault[] = [];
      for (const plan of planned) {
        if (plan.endpoint !== '*' && plan.endpoint !== endpoint) continue;
        const isTaken = plan.fault.kind !== 'latency' && due.some(({ kind }) => kind !== 'latency');
        if (isTaken) continue;
        if (plan.after > 0) {
          plan.after -= 1;
          continue;
        }
        plan.times -= 1;
        due.push(plan.fault);
      }
      planned = planned.filter(({ times }) => times > 0);
      if (due.length > 0) met += 1;
      return due;
    },
    reset: (): void => {
      planned = [];
      met = 0;
    },
    state: () => ({ planned: planned.map((plan) => ({ ...plan })), met }),
  };
};
