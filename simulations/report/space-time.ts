import type { RecordedMessage } from '../runs/recording.ts'
import { escapeXml, px, ticks, timeText } from './svg.ts'

/** A stretch in which something was wrong. `node` -1: everywhere. */
export interface Band {
  readonly node: number
  readonly fromUs: number
  readonly toUs: number
  readonly label: string
}

/** A moment at a node: what it wrote, a crash, an act of an adversary. */
export interface Mark {
  readonly node: number
  readonly atUs: number
  readonly label: string
}

/** What a space-time diagram shows. */
export interface SpaceTime {
  readonly title: string
  readonly nodes: number
  readonly messages: readonly RecordedMessage[]
  readonly bands: readonly Band[]
  readonly marks: readonly Mark[]
  /** Where it went wrong: the diagram ends there, and these nodes are shown first. */
  readonly failure: { readonly atUs: number; readonly nodes: readonly number[]; readonly text: string }
}

/** Arrows and nodes that can be told apart on one screen. */
const ARROWS_MAX = 120
const NODES_MAX = 20
const LABELS_MAX = 40
const WIDTH = 1_280
const LEFT = 72
const RIGHT = 24
const TOP = 84
const ROW = 34

/**
 * A space-time diagram: time runs to the right, every node is a line, every message an arrow from where it left to
 * where it arrived. Long runs are cut to the stretch before the failure, large ones to the nodes that matter for it.
 */
export function spaceTimeSvg(run: SpaceTime): string {
  const shown = nodesOf(run)
  const rows = new Map(shown.map((node, row) => [node, row]))
  const messages = causes(run)
    .filter((it) => rows.has(it.from) && rows.has(it.to))
    .slice(-ARROWS_MAX)
  const toUs = Math.max(1, run.failure.atUs)
  const lastMark = run.marks.findLast((it) => it.atUs <= toUs)?.atUs ?? toUs
  const firstUs = messages.reduce((least, it) => Math.min(least, it.sentUs), Math.min(lastMark, toUs - 1))
  // A little air on both sides, so that nothing sits on the frame.
  const fromUs = Math.max(0, firstUs - Math.ceil((toUs - firstUs) / 50))
  const endUs = toUs + Math.ceil((toUs - fromUs) / 40)
  const x = (us: number): number =>
    LEFT + ((Math.min(Math.max(us, fromUs), endUs) - fromUs) / (endUs - fromUs)) * (WIDTH - LEFT - RIGHT)
  const y = (node: number): number => TOP + ROW / 2 + (rows.get(node) ?? 0) * ROW
  const bottom = TOP + shown.length * ROW
  const inView = (from: number, to: number): boolean => to >= fromUs && from <= endUs
  const bands = run.bands.filter((it) => inView(it.fromUs, it.toUs) && (it.node === -1 || rows.has(it.node)))
  const marks = run.marks.filter((it) => inView(it.atUs, it.atUs) && rows.has(it.node))
  const earlier = lastOfEach(run.marks.filter((it) => it.atUs < fromUs && rows.has(it.node)))
  const parts = [
    head(run, { bottom, shown: messages.length, nodes: shown.length, fromUs, toUs }),
    ...bands.map((it) => bandSvg(it, { x, y, bottom })),
    ...ticks(fromUs, endUs, 12).map((us) => tickSvg(us, x(us), bottom)),
    ...shown.map((node) => lineSvg(node, y(node), run.failure.nodes.includes(node))),
    ...messages.map((it) => arrowSvg(it, x, y)),
    ...earlier.map((it) => earlierSvg(it, y(it.node))),
    ...labelled(marks, x, labelEnds(earlier)).map((it) => markSvg(it, x(it.atUs), y(it.node))),
    ...bandLabels(bands, { x, y, ends: labelEnds(earlier) }),
    failureSvg(x(toUs), bottom),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

/**
 * Messages that can have had a part in the failure: those that came to its nodes in time, those that came to their
 * senders before, and so on. All of them where it has no nodes.
 */
function causes({ nodes, messages, failure }: SpaceTime): readonly RecordedMessage[] {
  const inTime = messages.filter((it) => it.sentUs <= failure.atUs)
  if (failure.nodes.length === 0) return inTime
  const untilUs = new Float64Array(nodes).fill(-1)
  for (const node of failure.nodes) untilUs[node] = failure.atUs
  const found: RecordedMessage[] = []
  for (const message of inTime.toReversed()) {
    const { from, to, sentUs, atUs, dropped } = message
    // What a node of the failure sent in vain is seen too.
    const isLost = dropped !== null && failure.nodes.includes(from)
    if (!isLost && (dropped !== null || atUs > (untilUs[to] as number))) continue
    if (!isLost) untilUs[from] = Math.max(untilUs[from] as number, sentUs)
    found.push(message)
  }
  return found.toReversed()
}

/** The latest mark of each node. */
function lastOfEach(marks: readonly Mark[]): Mark[] {
  return [...new Map(marks.map((it) => [it.node, it])).values()]
}

/** The nodes of the failure, then those with the most messages to them, in the order of their numbers. */
function nodesOf({ nodes, failure, messages, marks }: SpaceTime): number[] {
  const weight = new Float64Array(nodes)
  const add = (node: number, value: number): void => {
    if (node >= 0 && node < nodes) weight[node] = (weight[node] as number) + value
  }
  const isConcerned = new Set(failure.nodes)
  for (const { from, to } of messages) {
    const value = isConcerned.has(from) || isConcerned.has(to) ? 10 : 1
    add(from, value)
    add(to, value)
  }
  for (const { node } of marks) add(node, 5)
  for (const node of failure.nodes) add(node, 1e12)
  return Array.from({ length: nodes }, (_, node) => node)
    .sort((a, b) => (weight[b] as number) - (weight[a] as number) || a - b)
    .slice(0, NODES_MAX)
    .sort((a, b) => a - b)
}

const DEFINITIONS = `<defs>
<marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 1 8 4 0 7z" fill="#33587d"/></marker>
<pattern id="wrong" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#fbe3c0"/><rect width="2" height="6" fill="#efb96a"/></pattern>
</defs>`

function head(
  run: SpaceTime,
  view: { bottom: number; shown: number; nodes: number; fromUs: number; toUs: number },
): string {
  const { bottom, shown, nodes, fromUs, toUs } = view
  const height = bottom + 40
  const count = `${nodes} of ${run.nodes} nodes, the last ${shown} messages that can have mattered, ${timeText(fromUs)} to ${timeText(toUs)}`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#1d2733">
<title>${escapeXml(run.title)}</title>
${DEFINITIONS}
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="16" y="24" font-size="16" font-weight="600">${escapeXml(run.title)}</text>
<text x="16" y="43" fill="#b3261e">${escapeXml(clip(run.failure.text, 190))}</text>
<text x="16" y="62" fill="#5b6875">${escapeXml(count)}</text>
<g transform="translate(${WIDTH - 420} 62)" fill="#5b6875"><line x1="0" y1="-4" x2="30" y2="-4" stroke="#33587d" marker-end="url(#tip)"/><text x="36">message</text><line x1="100" y1="-4" x2="126" y2="-4" stroke="#b3261e" stroke-dasharray="3 3"/><text x="126" y="0" fill="#b3261e">×</text><text x="140">lost</text><rect x="176" y="-12" width="30" height="14" fill="url(#wrong)"/><text x="212">fault</text><circle cx="258" cy="-4" r="4" fill="#6a3fa0"/><text x="268">decision</text><line x1="330" y1="-12" x2="330" y2="2" stroke="#b3261e" stroke-width="2"/><text x="338">failure</text></g>`
}

function bandSvg(
  band: Band,
  { x, y, bottom }: { x: (us: number) => number; y: (node: number) => number; bottom: number },
): string {
  const left = x(band.fromUs)
  const width = Math.max(2, x(band.toUs) - left)
  const [top, height] =
    band.node === -1 ? [TOP - 6, bottom - TOP + 12] : [y(band.node) - ROW / 2 + 3, ROW - 6]
  const fill = band.node === -1 ? '#fdf3e1' : 'url(#wrong)'
  return `<rect x="${px(left)}" y="${px(top)}" width="${px(width)}" height="${px(height)}" fill="${fill}" opacity="0.85"><title>${escapeXml(band.label)}</title></rect>`
}

/** By node: how far the labels at its left end reach. */
function labelEnds(earlier: readonly Mark[]): Map<number, number> {
  return new Map(earlier.map((mark) => [mark.node, LEFT + 16 + earlierText(mark).length * 6]))
}

/** Labels of bands, each where none stands yet. */
function bandLabels(
  bands: readonly Band[],
  { x, y, ends }: { x: (us: number) => number; y: (node: number) => number; ends: Map<number, number> },
): string[] {
  const found: string[] = []
  for (const band of [...bands].sort((a, b) => a.fromUs - b.fromUs)) {
    const text = clip(band.label, 40)
    const left = Math.max(x(band.fromUs) + 3, ends.get(band.node) ?? 0)
    const isRoom = left + text.length * 6 < Math.max(x(band.toUs), x(band.fromUs) + 40)
    if (!isRoom || left > WIDTH - 120 || found.length >= LABELS_MAX) continue
    ends.set(band.node, left + text.length * 6)
    const top = band.node === -1 ? TOP + 4 : y(band.node) - 5
    found.push(halo(px(left), px(top), '#8a5a00', text))
  }
  return found
}

function tickSvg(us: number, at: number, bottom: number): string {
  return `<line x1="${px(at)}" y1="${TOP - 6}" x2="${px(at)}" y2="${bottom + 6}" stroke="#e3e8ed"/><text x="${px(at)}" y="${bottom + 22}" text-anchor="middle" fill="#5b6875">${timeText(us)}</text>`
}

function lineSvg(node: number, at: number, isConcerned: boolean): string {
  const [colour, weight] = isConcerned ? ['#b3261e', '700'] : ['#1d2733', '400']
  return `<text x="${LEFT - 10}" y="${px(at + 4)}" text-anchor="end" font-weight="${weight}" fill="${colour}">node ${node}</text><line x1="${LEFT}" y1="${px(at)}" x2="${WIDTH - RIGHT}" y2="${px(at)}" stroke="${isConcerned ? '#d9837d' : '#a9b4bf'}"/>`
}

function arrowSvg(message: RecordedMessage, x: (us: number) => number, y: (node: number) => number): string {
  const { from, to, sentUs, atUs, sizeBytes, dropped } = message
  const [x1, y1, x2, y2] = [x(sentUs), y(from), x(atUs), y(to)]
  const text = `${from} to ${to}, ${sizeBytes} bytes, sent ${timeText(sentUs)}, ${dropped ?? 'arrived'} ${timeText(atUs)}`
  const title = `<title>${escapeXml(text)}</title>`
  if (dropped === null) {
    return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" stroke="#33587d" stroke-opacity="0.7" marker-end="url(#tip)">${title}</line>`
  }
  // What was lost ends half way.
  const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2]
  return `<g>${title}<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(mx)}" y2="${px(my)}" stroke="#b3261e" stroke-dasharray="3 3"/><text x="${px(mx)}" y="${px(my + 4)}" text-anchor="middle" fill="#b3261e">×</text></g>`
}

/** Marks with labels only where there is room for them. */
function labelled(marks: readonly Mark[], x: (us: number) => number, ends: Map<number, number>): Mark[] {
  return marks.map((mark) => {
    const at = x(mark.atUs)
    const text = clip(mark.label, 28)
    if (at < (ends.get(mark.node) ?? 0)) return { ...mark, label: '' }
    ends.set(mark.node, at + 14 + text.length * 6)
    return { ...mark, label: text }
  })
}

function markSvg(mark: Mark, at: number, line: number): string {
  const isNearEnd = at > WIDTH - 140
  const text =
    mark.label === ''
      ? ''
      : halo(
          px(isNearEnd ? at - 7 : at + 7),
          px(line - 5),
          '#6a3fa0',
          mark.label,
          isNearEnd ? 'end' : 'start',
        )
  return `<circle cx="${px(at)}" cy="${px(line)}" r="4" fill="#6a3fa0"/>${text}`
}

/** A mark before the stretch that is shown. */
function earlierSvg(mark: Mark, line: number): string {
  const text = halo(String(LEFT + 8), px(line - 5), '#6a3fa0', earlierText(mark))
  return `<circle cx="${LEFT}" cy="${px(line)}" r="4" fill="#fff" stroke="#6a3fa0"/>${text}`
}

function earlierText({ label, atUs }: Mark): string {
  return `${clip(label, 28)} at ${timeText(atUs)}`
}

/** Text that stays readable over lines. */
function halo(x: string, y: string, fill: string, text: string, anchor = 'start'): string {
  return `<text x="${x}" y="${y}" font-size="11" text-anchor="${anchor}" fill="${fill}" stroke="#fff" stroke-width="3" paint-order="stroke">${escapeXml(text)}</text>`
}

function failureSvg(at: number, bottom: number): string {
  return `<line x1="${px(at)}" y1="${TOP - 10}" x2="${px(at)}" y2="${bottom + 8}" stroke="#b3261e" stroke-width="2"/>`
}

function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}
