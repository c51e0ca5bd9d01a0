/** Text for XML. Control characters, most of which XML has no room for, become spaces. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** A coordinate on a grid of a tenth of a pixel: equal inputs give equal bytes. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** Virtual time for people: the two or three digits that matter, and a unit. */
export function timeText(us: number): string {
  if (us === 0) return '0'
  const units: [number, string][] = [
    [86_400_000_000, 'd'],
    [3_600_000_000, 'h'],
    [60_000_000, 'min'],
    [1_000_000, 's'],
    [1_000, 'ms'],
  ]
  const [size, unit] = units.find(([size]) => us >= size) ?? [1, 'us']
  return `${Number((us / size).toPrecision(4))} ${unit}`
}

/** Round times between two, at most `most` of them, for the ticks of an axis. */
export function ticks(fromUs: number, toUs: number, most: number): number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500].flatMap((it) => [it, it * 1_000])
  const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200]
  const days = [1, 2, 5, 10, 20, 50, 100].map((it) => it * 86_400_000_000)
  const all = [...steps, ...seconds.map((it) => it * 1_000_000), ...days].sort((a, b) => a - b)
  const step = all.find((it) => (toUs - fromUs) / it <= most) ?? toUs - fromUs
  const found: number[] = []
  if (step <= 0) return found
  for (let at = Math.ceil(fromUs / step) * step; at <= toUs; at += step) found.push(at)
  return found
}
