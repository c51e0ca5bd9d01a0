import { kindOfUnit } from './unit.ts'

/** How a unit is spread over devices: to each the same, or by what each has used of it so far. */
export type ShareRule = 'even' | 'forecast'

/** A device that a unit is spread over. Amounts in minor units. */
export interface Sharer {
  /** Key, hex. */
  device: string
  /** What it holds. */
  held: bigint
  /** What it has used so far. */
  used: bigint
}

/**
 * What each device should hold when all that they hold together is spread by a rule: whole minor units that sum exactly, what
 * is left over one each to the first in the order of keys. By forecast a device counts with what it used and one more, so
 * that a new one gets something. Follows from the numbers alone, so all who know them agree.
 */
export function sharesOf(rule: ShareRule, sharers: readonly Sharer[]): Map<string, bigint> {
  const sorted = [...sharers].sort((a, b) => (a.device < b.device ? -1 : 1))
  const total = sorted.reduce((sum, it) => sum + positive(it.held), 0n)
  const weightOf = ({ used }: Sharer): bigint => (rule === 'even' ? 1n : positive(used) + 1n)
  const weights = sorted.reduce((sum, it) => sum + weightOf(it), 0n)
  const shares = new Map(
    sorted.map((it) => [it.device, (total * weightOf(it)) / (weights === 0n ? 1n : weights)]),
  )
  let rest = total - [...shares.values()].reduce((sum, it) => sum + it, 0n)
  for (const { device } of sorted) {
    if (rest === 0n) break
    shares.set(device, (shares.get(device) ?? 0n) + 1n)
    rest -= 1n
  }
  return shares
}

/** Marks by which a device keeps a unit at hand: below `low` it asks for more, up to `high`, and it gives away only what is above `high`. */
export interface Marks {
  low: bigint
  high: bigint
}

/** Why somebody asks for a part of what another device holds. */
export type AskReason =
  /** It fell below its low mark. */
  | 'low'
  /** It takes its share, by this rule, before it is cut off. */
  | ShareRule
  /** A person asks, and will be told. */
  | 'person'

/** What was granted to a device lately. */
export interface Granted {
  atMs: number
  unit: string
  /** Key of the other device, hex. */
  device: string
  /** True when it was given to this device, not by it. */
  isReceived: boolean
}

/** Automatic grants of one unit to one device are so far apart, at least. A guess: a till asks again within a minute of rush. */
export const GRANT_EVERY_MS = 5_000
/** Who gave a unit gets nothing of it back by itself for so long. */
export const NO_PING_PONG_MS: number = 10 * 60_000

/**
 * Grants to one device in a minute, of all units together, at most. Above what the most sought-after venue of a flash sale asks for, one
 * customer at a time (197, by the widest draw of the scenario); each is a commit that everybody keeps.
 */
export const GRANTS_A_MINUTE_MAX = 240
const MINUTE_MS = 60_000

/** What is asked. */
export interface Ask {
  unit: string
  amount: bigint
  reason: AskReason
  /** Key of who asks, hex. */
  device: string
}

/** What a device grants, or why nothing. */
export type Grant =
  | { amount: bigint }
  | { amount: 0n; why: 'nothing-to-spare' | 'too-soon' | 'ping-pong' | 'not-shared' }

/**
 * What a device gives of what it holds. By marks never what lies below its own high mark, so that both sides rest between
 * their marks and nothing goes back and forth; by a share not more than leaves itself its own share. To a person who asks it
 * gives what it has: a customer waits there. Money is nobody's to ask for but that of other devices of the same member.
 *
 * @param own.spendable - what it could hand over now, minor units
 * @param own.share - its own share by the rule, where one is asked for
 * @param own.isOfMember - who asks is a device of the member whose device this is
 * @param own.nowMs - by the same clock as `lately`; one that never goes back
 */
export function grantOf(
  ask: Ask,
  own: {
    spendable: bigint
    marks: Marks | null
    share: bigint
    isOfMember: boolean
    lately: readonly Granted[]
    nowMs: number
  },
): Grant {
  const { spendable, marks, share, lately, nowMs } = own
  if (kindOfUnit(ask.unit) === 'money' && !own.isOfMember) return { amount: 0n, why: 'not-shared' }
  const given = lately.filter((it) => it.device === ask.device && !it.isReceived)
  if (given.filter((it) => nowMs - it.atMs < MINUTE_MS).length >= GRANTS_A_MINUTE_MAX)
    return { amount: 0n, why: 'too-soon' }
  if (ask.reason !== 'person') {
    if (given.some((it) => it.unit === ask.unit && nowMs - it.atMs < GRANT_EVERY_MS))
      return { amount: 0n, why: 'too-soon' }
    const isBack = lately.some(
      (it) =>
        it.unit === ask.unit &&
        it.device === ask.device &&
        it.isReceived &&
        nowMs - it.atMs < NO_PING_PONG_MS,
    )
    if (ask.reason === 'low' && isBack) return { amount: 0n, why: 'ping-pong' }
  }
  const kept = ask.reason === 'person' ? 0n : ask.reason === 'low' ? (marks?.high ?? 0n) : share
  const spare = spendable - kept
  if (spare <= 0n) return { amount: 0n, why: 'nothing-to-spare' }
  return { amount: spare < ask.amount ? spare : ask.amount }
}

/** An amount that came to a device, or left it, in the order of its chain. Minor units. */
export type Flow =
  | { kind: 'in'; amount: bigint; expiresMs: number | null; grant: string }
  | { kind: 'out'; amount: bigint; grant: string | null }

/** What of each grant a device has left: what leaves it counts against the grant that it names, else against what expires first. */
export class OpenRights {
  /** What expires first comes first. */
  #open: { readonly grant: string; readonly expiresMs: number; left: bigint }[] = []

  /** When the next of what is left expires, Unix ms; Infinity for never. */
  get soonestMs(): number {
    return this.#open[0]?.expiresMs ?? Infinity
  }

  /** Takes up the next flow. */
  take(flow: Flow): void {
    if (flow.kind === 'in') {
      const { grant, amount } = flow
      const expiresMs = flow.expiresMs ?? Infinity
      const at = this.#open.findLastIndex((it) => it.expiresMs <= expiresMs)
      const before = this.#open[at]
      if (before?.grant === grant && before.expiresMs === expiresMs) before.left += amount
      else this.#open.splice(at + 1, 0, { grant, expiresMs, left: amount })
      return
    }
    let { amount } = flow
    const isNamed = (it: { grant: string }): boolean => it.grant === flow.grant
    const named = flow.grant === null ? [] : this.#open.filter(isNamed)
    for (const open of [...named, ...this.#open]) {
      if (amount === 0n) break
      const taken = open.left < amount ? open.left : amount
      open.left -= taken
      amount -= taken
    }
    if (this.#open.some((it) => it.left === 0n)) this.#open = this.#open.filter((it) => it.left > 0n)
  }

  /** Of rights that expired, what is unused and has to go home: by grant, minor units. */
  expired(nowMs: number): Map<string, bigint> {
    const expired = this.#open.filter((it) => it.expiresMs <= nowMs)
    return new Map(expired.map((it) => [it.grant, it.left]))
  }
}

function positive(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
