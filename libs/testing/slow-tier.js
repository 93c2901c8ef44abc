// Real servers start and stop in these tiers, on machines that may be busy. Jest has no such setting per tier.
jest.setTimeout(60_000);
