import type { RunResult } from '../runs/run-result.ts'
import { escapeXml, px, ticks, timeText } from './svg.ts'

const WIDTH = 960
const HEIGHT = 440
const LEFT = 64
const RIGHT = 24
const TOP = 84
const BOTTOM = 52
/** Thin lines that can still be told from a smear. */
const LINES_MAX = 200
const COLOURS = {
  ok: '#4a7db0',
  crash: '#b3261e',
  liveness: '#d98a00',
  correctness: '#b3261e',
} as const

/**
 * How runs converge: the share of all commits that replicas hold, over time, a line for each run and a thick one for
 * the median. The stretch with faults is shaded.
 */
export function convergencePlot(title: string, results: readonly RunResult[]): string {
  const runs = results.filter((it) => it.curve.length > 0)
  const endUs = Math.max(1, ...runs.map((it) => it.virtualUs))
  const x = (us: number): number => LEFT + (us / endUs) * (WIDTH - LEFT - RIGHT)
  const least = Math.min(1, ...runs.flatMap(({ curve }) => curve.map(([, share]) => share)))
  // From the quarter below the lowest share, so that small differences are seen.
  const floor = Math.min(0.75, Math.floor(least * 4) / 4)
  const y = (share: number): number => TOP + ((1 - share) / (1 - floor)) * (HEIGHT - TOP - BOTTOM)
  const healed = middle(runs.flatMap(({ healedUs }) => (healedUs === null ? [] : [healedUs])))
  const wrong = results.filter((it) => it.outcome !== 'ok').length
  const count = `${results.length} ${results.length === 1 ? 'run' : 'runs'}, ${wrong} failed`
  const lines = runs.slice(0, LINES_MAX).map((run) => {
    const points = run.curve.map(([us, share]) => `${px(x(us))},${px(y(share))}`).join(' ')
    const colour = COLOURS[run.outcome]
    const opacity = run.outcome === 'ok' ? Math.max(0.35, 0.9 / Math.sqrt(runs.length)) : 0.9
    return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="1.2" opacity="${opacity.toFixed(2)}"><title>seed ${run.seed}: ${run.outcome}</title></polyline>`
  })
  const frame = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#1d2733">`,
    `<title>${escapeXml(title)}</title><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="16" y="26" font-size="16" font-weight="600">${escapeXml(title)}</text>`,
    `<text x="16" y="46" fill="#5b6875">share of all commits that replicas hold, over virtual time; ${count}</text>`,
    healed === null ? '' : faultsSvg(x(healed)),
    ...ticks(0, endUs, 10).map((us) => tickSvg(x(us), timeText(us))),
    ...[0, 1, 2, 3, 4].map((step) => {
      const share = floor + ((1 - floor) * step) / 4
      return levelSvg(y(share), `${Math.round(share * 1_000) / 10} %`)
    }),
    ...lines,
    medianSvg(runs, endUs, x, y),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle" fill="#5b6875">virtual time</text>`,
    '</svg>',
  ]
  return `${frame.filter((it) => it !== '').join('\n')}\n`
}

function faultsSvg(to: number): string {
  const height = HEIGHT - TOP - BOTTOM
  return `<rect x="${LEFT}" y="${TOP}" width="${px(Math.max(0, to - LEFT))}" height="${height}" fill="#fdf3e1"/><text x="${LEFT + 6}" y="${TOP - 8}" fill="#8a5a00">with faults</text><text x="${px(to + 6)}" y="${TOP - 8}" fill="#2d7a46">healed</text>`
}

function tickSvg(at: number, text: string): string {
  return `<line x1="${px(at)}" y1="${TOP}" x2="${px(at)}" y2="${HEIGHT - BOTTOM}" stroke="#e3e8ed"/><text x="${px(at)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#5b6875">${text}</text>`
}

function levelSvg(at: number, text: string): string {
  return `<line x1="${LEFT}" y1="${px(at)}" x2="${WIDTH - RIGHT}" y2="${px(at)}" stroke="#e3e8ed"/><text x="${LEFT - 8}" y="${px(at + 4)}" text-anchor="end" fill="#5b6875">${text}</text>`
}

/** The median of all runs at a hundred instants. */
function medianSvg(
  runs: readonly RunResult[],
  endUs: number,
  x: (us: number) => number,
  y: (share: number) => number,
): string {
  if (runs.length < 2) return ''
  const points: string[] = []
  for (let i = 0; i <= 100; i += 1) {
    const us = (endUs * i) / 100
    const shares = runs.flatMap(({ curve }) => {
      const last = curve.findLast(([at]) => at <= us)
      return last === undefined ? [] : [last[1]]
    })
    const share = middle(shares)
    if (share !== null) points.push(`${px(x(us))},${px(y(share))}`)
  }
  return `<polyline points="${points.join(' ')}" fill="none" stroke="#1d2733" stroke-width="2.4"><title>median</title></polyline>`
}

function middle(values: readonly number[]): number | null {
  return values.length === 0 ? null : ([...values].sort((a, b) => a - b)[values.length >> 1] as number)
}
