import type { EventView, ScanView } from '#node/host'
import { safe } from './output.ts'

/** Where events are. */
export const EVENTS = '/v1/ticketing/events'

/** Path of an event. */
export function eventPath(event: string): string {
  return `${EVENTS}/${encodeURIComponent(event)}`
}

/** What a gate can promise, in a line. */
export function guaranteeText({
  gates,
  reachable,
  cutOffSinceMs,
  own,
  others,
  open,
  lost,
}: EventView['guarantee']): string {
  const share = (it: { sold: number; canAdmit: number }): string =>
    it.sold === 0 ? '-' : `${Math.floor((100 * it.canAdmit) / it.sold)} %`
  const mesh =
    cutOffSinceMs === null
      ? `Mesh ${reachable} of ${gates} gates`
      : `Cut off ${Math.round((Date.now() - cutOffSinceMs) / 60_000)} min`
  const openly = open === 0 && lost.buckets === 0 ? '' : `; ${open} openly, as every gate`
  const gone = lost.buckets === 0 ? '' : ` (${lost.sold} of them of lost gates, ${lost.buckets} buckets)`
  return `${mesh}: can admit ${share(own)} of its own group, ${share(others)} of others${openly}${gone}`
}

/** What a verdict says to the person at the gate, and what to do. */
export function verdictWords({ verdict, params }: Pick<ScanView, 'verdict' | 'params'>): {
  says: string
  next: string
} {
  const [says, next] = WORDS[verdict]((key) => paramText(key, params[key]))
  return { says, next }
}

/** A time for people, UTC; what a clock gone wrong has said is shown as far as there are dates. */
export function timeText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString().slice(0, 16).replace('T', ' ')
}

type Param = ScanView['params'][string] | undefined

function paramText(key: string, value: Param): string {
  if (value === undefined || value === null) return '?'
  if (typeof value !== 'number') return safe(typeof value === 'string' ? value : JSON.stringify(value))
  if (key.endsWith('atMs') || key === 'fromMs' || key === 'untilMs') return `${timeText(value)} UTC`
  return key.endsWith('Ms') ? spanText(value) : String(value)
}

/** A span of time for people: 40 s, 12 min, 3 h. */
function spanText(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`
  return ms < 5_400_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}

type Words = (of: (key: string) => string) => readonly [says: string, next: string]

function reasonText(of: (key: string) => string): string {
  const reason = of('reason')
  return reason === '' || reason === '?' ? '' : ` (${reason})`
}

/** How old the news are on which it stands, where its gate is out of reach. */
function ageText(of: (key: string) => string): string {
  const age = of('listAgeMs')
  return age === '?' || age === '0 s' ? '' : `; the newest news from its gate are ${age} old`
}

const AGAIN = 'Scan it again, or type the 16 letters below the QR code.'
const NOBODY = 'Let nobody in with it.'

/** By verdict; the same words as docs/cli.md. */
const WORDS: Readonly<Record<ScanView['verdict'], Words>> = {
  admitted: () => ['let in', 'The way is free.'],
  're-entered': () => ['let in again', 'The way is free.'],
  'admitted-open': () => ['let in openly: another gate may let in a copy', 'The way is free.'],
  override: () => ['let in on somebody’s word, which is signed', 'The way is free.'],
  left: () => ['left', 'The way is free.'],
  'not-a-ticket': () => ['this is no ticket', AGAIN],
  truncated: () => ['a part of the ticket is missing', AGAIN],
  'too-long': () => ['this is longer than any ticket', AGAIN],
  'unknown-version': () => ['a ticket of a newer version', 'Update this node.'],
  'wrong-event': () => ['a ticket of another event', 'Look at the name of the event on it.'],
  'other-coop': () => ['a ticket of another co-op', NOBODY],
  forged: () => ['its signature does not hold: it was changed or made up', NOBODY],
  'issuer-unknown': () => [
    'no device known here has issued it',
    'Connect this gate to the mesh, then again.',
  ],
  'issuer-suspended': () => ['a suspended device has issued it, and nobody has heard of it', NOBODY],
  'class-unknown': () => ['its class is not known here', 'Connect this gate to the mesh, then again.'],
  'bucket-unknown': () => ['its gate group is not known here', 'Connect this gate to the mesh, then again.'],
  'not-yet-valid': (of) => [`valid from ${of('fromMs')} on`, 'Ask the visitor to come back then.'],
  expired: (of) => [`valid until ${of('untilMs')}`, NOBODY],
  'wrong-zone': (of) => [
    of('zone') === '?'
      ? 'the event has zones, and this gate names none'
      : `it does not open ${of('zone')}${of('zones') === '' ? '' : `, but ${of('zones')}`}`,
    of('zone') === '?' ? 'Say which zone the gate leads into: --zone.' : 'Send the visitor there.',
  ],
  'wrong-group': (of) => [
    `its gate is ${of('group')}${of('holder') === '?' ? '' : `, with ${of('holder')}`}, and this gate cannot know whether it was used there`,
    of('reachable') === 'true'
      ? `Send the visitor to ${of('group')}, or fetch its bucket: \`coop ticket redeem … --fetch\`.`
      : `Send the visitor to ${of('group')}.`,
  ],
  'already-admitted': (of) => [`let in ${of('agoMs')} ago at ${of('gate')}`, NOBODY],
  revoked: (of) => [`revoked ${of('atMs')}${reasonText(of)}${ageText(of)}`, NOBODY],
  refunded: (of) => [`refunded ${of('atMs')}${reasonText(of)}${ageText(of)}`, NOBODY],
  reissued: (of) => [
    `another ticket took its place ${of('atMs')}${ageText(of)}`,
    'Ask for the newer ticket.',
  ],
  rule: (of) => [`a rule of its class is not met: ${of('leaf')}`, 'Tell the visitor when it is.'],
  'zone-full': (of) => [
    `${of('zone')} is full, as far as this gate may fill it`,
    'Wait until somebody leaves.',
  ],
  exposure: (of) => [
    `this gate has let in ${of('max')} openly of which others have not heard`,
    'Connect it to the mesh; or let in on your word: --override REASON.',
  ],
  'not-inside': (of) => [`left already, ${of('atMs')} at ${of('gate')}`, 'Nothing is to be done.'],
  'code-needed': () => ['it belongs to a phone, which must show its live code', 'Ask for the phone.'],
  'code-old': (of) => [
    `the code is ${of('ageMs')} old: a photograph?`,
    'Ask for the phone that shows it live.',
  ],
  'clock-off': (of) => [`the clock of the phone is ahead by ${of('aheadMs')}`, 'Set the clock of the phone.'],
  'code-unknown': () => [
    'no ticket known here has this code',
    'Read the 16 letters again; scan the QR code.',
  ],
  'not-issued': () => ['this gate has not heard of its issue', 'Connect this gate to the mesh, then again.'],
  'gate-unsure': () => [
    'this gate lacks news about its bucket',
    'Connect this gate to the mesh, then again.',
  ],
  busy: () => ['this gate is busy', 'Scan again.'],
}
