const [WIDTH, HEIGHT] = [640, 160];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 12, 26, 22];

export type Point = Readonly<{ x: number; y: number }>;

/** A line over time from zero up, as an SVG of its own; `x` in minutes. */
export const chart = (title: string, points: readonly Point[]): string => {
  const most = Math.max(...points.map(({ y }) => y), 1e-9) * 1.05;
  const last = Math.max(...points.map(({ x }) => x), 1e-9);
  const place = ({ x, y }: Point): string =>
    [LEFT + (x / last) * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - (y / most) * (HEIGHT - TOP - BOTTOM)]
      .map((value) => value.toFixed(1))
      .join(',');
  const text = (x: number, y: number, anchor: string, words: string) =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">`,
    `<title>${title}</title>`,
    '<style>text{font:12px sans-serif;fill:#555}path{stroke:#ccc;fill:none}polyline{stroke:#1769aa;stroke-width:1.5;fill:none}</style>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 16, 'start', title),
    text(LEFT - 6, TOP + 8, 'end', short(most)),
    text(LEFT - 6, HEIGHT - BOTTOM, 'end', '0'),
    text(WIDTH - RIGHT, HEIGHT - 6, 'end', `${short(last)} min`),
    `<path d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}"/>`,
    `<polyline points="${points.map(place).join(' ')}"/>`,
    '</svg>',
    '',
  ].join('\n');
};

const short = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
