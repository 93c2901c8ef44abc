import { judged } from './verdict';

const steps = (step: (n: number) => number) => Array.from({ length: 40 }, (_, n) => step(n));

describe('a series', () => {
  it('is flat when it only swings, and when it has grown at the beginning', () => {
    expect(
      judged(
        steps((n) => 100 + (n % 5)),
        0,
      ),
    ).toMatchObject({ isFlat: true });
    expect(
      judged(
        steps((n) => (n < 10 ? n * 10 : 100)),
        0,
      ),
    ).toEqual({ early: 100, late: 100, isFlat: true });
  });

  it('is not flat when it goes on growing, however slowly it began', () => {
    expect(
      judged(
        steps((n) => 100 + n * 2),
        0,
      ),
    ).toMatchObject({ isFlat: false });
    expect(
      judged(
        steps((n) => (n < 30 ? 100 : 130)),
        0,
      ),
    ).toEqual({ early: 100, late: 130, isFlat: false });
  });

  it('may grow by a little, where a fifth would be less than that', () => {
    expect(
      judged(
        steps((n) => (n < 30 ? 2 : 4)),
        3,
      ),
    ).toMatchObject({ isFlat: true });
    expect(
      judged(
        steps((n) => (n < 30 ? 2 : 6)),
        3,
      ),
    ).toMatchObject({ isFlat: false });
  });
});
