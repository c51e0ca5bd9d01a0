import { toHex } from '../encoding/index.ts'

/** Silence after which a peer's share is asked of others. A guess: several round trips of a slow uplink. */
export const STALL_MS = 3_000
/** A peer this many times slower than another loses its share to it; what both then bring twice is below 5 %. */
export const LAG_FACTOR = 16
/**
 * An answer that takes longer does not keep its devices from a peer that may be faster, or is twice as fast: else a trickle would keep
 * them for ever. A guess: five times as long as an answer should take.
 */
export const OVERDUE_MS = 10_000
/** A request tells how fast a peer is when it brought so many bytes, or took so long. Guesses: else it tells of distance. */
const RATE_BYTES_MIN = 16_384
const RATE_MS_MIN = 1_000

interface Puller {
  /** When it was asked, or last brought something. */
  progressAtMs: number
  /** Devices (hex) that it was asked for and has not finished with. */
  claims: Set<string>
  /** When it was asked for these, ms, and the bytes that came since. */
  askedAtMs: number
  bytes: number
  /** Bytes a millisecond of its last request that tells; 0 before there was one. */
  rate: number
}

/**
 * Divides what a replica lacks among the peers that have it, by device and in proportion to how fast they are, so that
 * several are asked at once and no commit comes twice. One for all sessions of a replica. A peer that stalls loses its share until it brings something again,
 * one that is far slower than another to that one.
 */
export class PullShare {
  readonly #pullers = new Map<number, Puller>()
  #count = 0

  /** A number for a new session. */
  join(): number {
    this.#count += 1
    return this.#count
  }

  /** The session has something to pull. */
  note(session: number, nowMs: number): void {
    const known = this.#pullers.get(session)
    const fresh = { progressAtMs: nowMs, claims: new Set<string>(), askedAtMs: nowMs, bytes: 0, rate: 0 }
    if (known === undefined) this.#pullers.set(session, fresh)
  }

  /** The session's peer brought something. */
  progress(session: number, { bytes, nowMs }: { bytes: number; nowMs: number }): void {
    const puller = this.#pullers.get(session)
    if (puller === undefined) return
    puller.progressAtMs = nowMs
    puller.bytes += bytes
  }

  /** True when no other session is pulling just now. */
  isAlone(session: number, nowMs: number): boolean {
    return this.#active(nowMs).every((it) => it === session)
  }

  /** True when no other session is bringing anything just now, or not as fast as this one may. */
  isIdle(session: number, nowMs: number): boolean {
    return this.#active(nowMs).every(
      (it) =>
        it === session || this.#pullers.get(it)?.claims.size === 0 || this.#isLagging(it, session, nowMs),
    )
  }

  /** True when this session is the one to ask for the device now. */
  isMine(session: number, device: Uint8Array, nowMs: number): boolean {
    const active = this.#active(nowMs).filter((it) => it === session || !this.#isLagging(it, session, nowMs))
    const name = toHex(device)
    if (active.some((it) => it !== session && this.#pullers.get(it)?.claims.has(name) === true)) return false
    const rates = active.map((it) => this.#pullers.get(it)?.rate ?? 0)
    const fastest = Math.max(...rates, 0)
    // Who has not shown how fast it is may be as fast as any; who is slow gets a little, which shows it anew.
    const weights = rates.map((rate) =>
      rate === 0 || fastest === 0 ? 1 : Math.max(rate / fastest, 1 / LAG_FACTOR),
    )
    let left = placeOf(device) * weights.reduce((sum, weight) => sum + weight, 0)
    const turn = weights.findIndex((weight) => (left -= weight) < 0)
    return (active[turn] ?? session) === session
  }

  /** The session asks for these devices, or for none any more; replaces its earlier claims. */
  claim(session: number, { devices, nowMs }: { devices: Iterable<Uint8Array>; nowMs: number }): void {
    const puller = this.#pullers.get(session)
    if (puller === undefined) return
    const isTelling = puller.bytes >= RATE_BYTES_MIN || nowMs - puller.askedAtMs >= RATE_MS_MIN
    if (puller.claims.size > 0 && isTelling) puller.rate = rateOf(puller, nowMs)
    puller.claims = new Set([...devices].map(toHex))
    if (puller.claims.size > 0) Object.assign(puller, { askedAtMs: nowMs, progressAtMs: nowMs, bytes: 0 })
  }

  /** The session has nothing to pull, or has ended. */
  leave(session: number): void {
    this.#pullers.delete(session)
  }

  /** True when this one is far slower than `other`, in its last request or in the open one so far; or slower, and overdue. */
  #isLagging(session: number, other: number, nowMs: number): boolean {
    const puller = this.#pullers.get(session)
    const { rate } = this.#pullers.get(other) ?? { rate: 0 }
    if (puller === undefined) return false
    if (puller.rate > 0 && puller.rate < rate / LAG_FACTOR) return true
    const openMs = puller.claims.size > 0 ? nowMs - puller.askedAtMs : 0
    if (openMs >= STALL_MS && rateOf(puller, nowMs) < rate / LAG_FACTOR) return true
    return openMs >= OVERDUE_MS && (rate === 0 || rateOf(puller, nowMs) < rate / 2)
  }

  /** Those that do not owe anything for long; one that was asked for nothing owes nothing. */
  #active(nowMs: number): number[] {
    return [...this.#pullers]
      .filter(([, it]) => it.claims.size === 0 || nowMs - it.progressAtMs < STALL_MS)
      .map(([session]) => session)
  }
}

/** Where a device falls, from 0 to 1; multiplied as in Fibonacci hashing, so that like keys fall apart. */
function placeOf(device: Uint8Array): number {
  const start = (device[0] ?? 0) * 256 + (device[1] ?? 0)
  return (Math.imul(start, 40_503) & 0xffff) / 0x10000
}

function rateOf({ bytes, askedAtMs }: Puller, nowMs: number): number {
  return bytes / Math.max(1, nowMs - askedAtMs)
}
