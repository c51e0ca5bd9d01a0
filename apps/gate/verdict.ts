import type { Guarantee, SymbolName } from '#apps/page'

/** What the node says about one scan, and (the last five) what the page says where the node said nothing. */
export type VerdictCode =
  | 'admitted'
  | 're-entered'
  | 'left'
  | 'admitted-open'
  | 'override'
  | 'not-a-ticket'
  | 'truncated'
  | 'unknown-version'
  | 'wrong-event'
  | 'other-coop'
  | 'forged'
  | 'issuer-unknown'
  | 'issuer-suspended'
  | 'class-unknown'
  | 'bucket-unknown'
  | 'not-yet-valid'
  | 'expired'
  | 'wrong-zone'
  | 'wrong-group'
  | 'already-admitted'
  | 'revoked'
  | 'refunded'
  | 'reissued'
  | 'rule'
  | 'zone-full'
  | 'exposure'
  | 'not-inside'
  | 'code-needed'
  | 'code-old'
  | 'clock-off'
  | 'not-issued'
  | 'too-long'
  | 'code-unknown'
  | 'gate-unsure'
  | 'busy'
  | 'no-answer'
  | 'access-refused'
  | 'supervisor-needed'
  | 'call-refused'
  | 'no-code-in-photo'

/** The ticket that a verdict is about, as far as the node could read it. */
export interface ShownTicket {
  class: string
  className: string
  /** `North 12`: gate group and number there. */
  number: string
  group: string
  code: string
  details: string | null
}

/** The node's answer to one scan. */
export interface Verdict {
  ok: boolean
  verdict: VerdictCode
  mode: 'exclusive' | 'open' | 'override' | null
  ticket: ShownTicket | null
  params: Readonly<Record<string, unknown>>
  /** `COMMIT/INDEX` of what was recorded. */
  admission: string | null
  /** Answered before under the same id. */
  repeated: boolean
  guarantee: Guarantee | null
  counts: { admitted: number; inside: number; zoneCapacity: number | null } | null
}

/** How a verdict looks and sounds. `yes`: go; `open`: go, but a double is possible; `no`: stop; `wait`: not now. */
export type Tone = 'yes' | 'open' | 'no' | 'wait' | 'lost'

/** Drawing and tone of each verdict. A code that is missing here is shown as a refusal. */
const LOOKS: Readonly<Record<VerdictCode, readonly [Tone, SymbolName]>> = {
  admitted: ['yes', 'check'],
  're-entered': ['yes', 'enter'],
  left: ['yes', 'left'],
  'admitted-open': ['open', 'open'],
  override: ['open', 'override'],
  'not-a-ticket': ['no', 'cross'],
  truncated: ['wait', 'wait'],
  'unknown-version': ['no', 'cross'],
  'wrong-event': ['no', 'cross'],
  'other-coop': ['no', 'cross'],
  forged: ['no', 'stop'],
  'issuer-unknown': ['no', 'cross'],
  'issuer-suspended': ['no', 'stop'],
  'class-unknown': ['wait', 'wait'],
  'bucket-unknown': ['wait', 'wait'],
  'not-yet-valid': ['wait', 'clock'],
  expired: ['no', 'clock'],
  'wrong-zone': ['wait', 'next'],
  'wrong-group': ['wait', 'next'],
  'already-admitted': ['no', 'stop'],
  revoked: ['no', 'stop'],
  refunded: ['no', 'stop'],
  reissued: ['no', 'stop'],
  rule: ['no', 'cross'],
  'zone-full': ['wait', 'wait'],
  exposure: ['no', 'stop'],
  'not-inside': ['wait', 'wait'],
  'code-needed': ['wait', 'clock'],
  'code-old': ['no', 'stop'],
  'clock-off': ['wait', 'clock'],
  'not-issued': ['no', 'cross'],
  'too-long': ['no', 'cross'],
  'code-unknown': ['no', 'cross'],
  'gate-unsure': ['wait', 'wait'],
  busy: ['wait', 'wait'],
  'no-answer': ['lost', 'no-answer'],
  'access-refused': ['lost', 'key'],
  'supervisor-needed': ['wait', 'key'],
  'call-refused': ['lost', 'wait'],
  'no-code-in-photo': ['wait', 'camera'],
}

/** How to show a verdict. Green is only what the node called ok. */
export function lookOf({ ok, verdict }: Pick<Verdict, 'ok' | 'verdict'>): { tone: Tone; symbol: SymbolName } {
  const [tone, symbol] = LOOKS[verdict] ?? ['no', 'cross']
  if (ok === (tone === 'yes' || tone === 'open')) return { tone, symbol }
  return ok ? { tone: 'yes', symbol: 'check' } : { tone: 'no', symbol: 'cross' }
}

/** A verdict of the page itself: nothing was recorded as far as it knows. */
export function ownVerdict(verdict: VerdictCode, params: Readonly<Record<string, unknown>> = {}): Verdict {
  return {
    ok: false,
    verdict,
    mode: null,
    ticket: null,
    params,
    admission: null,
    repeated: false,
    guarantee: null,
    counts: null,
  }
}
