import { toHex } from '../encoding/index.ts'

/** Silence after which a peer's share is asked of others. A guess: several round trips of a slow uplink. */
export const STALL_MS = 3_000
/** A peer this many times slower than another, for that long, loses its share to it. A guess. */
export const LAG_FACTOR = 8

interface Puller {
  /** When it last brought something, or was asked. */
  progressAtMs: number
  /** Devices (hex) that it was asked for and has not finished with. */
  claims: Set<string>
  /** When it was asked for these, ms, and the bytes that came since. */
  askedAtMs: number
  bytes: number
  /** Bytes a millisecond of its last finished request. */
  rate: number
}

/**
 * Divides what a replica lacks among the peers that have it, by device, so that several are asked at once and no commit
 * comes twice. One for all sessions of a replica. A peer that stalls loses its share until it brings something again,
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

  /** True when this session is the one to ask for the device now. */
  isMine(session: number, device: Uint8Array, nowMs: number): boolean {
    const active = this.#active(nowMs).filter((it) => it === session || !this.#isLagging(it, session, nowMs))
    const name = toHex(device)
    if (active.some((it) => it !== session && this.#pullers.get(it)?.claims.has(name) === true)) return false
    const turn = ((device[0] ?? 0) * 256 + (device[1] ?? 0)) % Math.max(1, active.length)
    return (active[turn] ?? session) === session
  }

  /** The session asks for these devices, or for none any more; replaces its earlier claims. */
  claim(session: number, { devices, nowMs }: { devices: Iterable<Uint8Array>; nowMs: number }): void {
    const puller = this.#pullers.get(session)
    if (puller === undefined) return
    if (puller.claims.size > 0) puller.rate = rateOf(puller, nowMs)
    puller.claims = new Set([...devices].map(toHex))
    if (puller.claims.size > 0) Object.assign(puller, { askedAtMs: nowMs, progressAtMs: nowMs, bytes: 0 })
  }

  /** The session has nothing to pull, or has ended. */
  leave(session: number): void {
    this.#pullers.delete(session)
  }

  /** True when this one's open request goes on far slower than the last one of `other` went. */
  #isLagging(session: number, other: number, nowMs: number): boolean {
    const puller = this.#pullers.get(session)
    if (puller === undefined || puller.claims.size === 0 || nowMs - puller.askedAtMs < STALL_MS) return false
    return rateOf(puller, nowMs) * LAG_FACTOR < (this.#pullers.get(other)?.rate ?? 0)
  }

  #active(nowMs: number): number[] {
    return [...this.#pullers]
      .filter(([, it]) => nowMs - it.progressAtMs < STALL_MS)
      .map(([session]) => session)
  }
}

function rateOf({ bytes, askedAtMs }: Puller, nowMs: number): number {
  return bytes / Math.max(1, nowMs - askedAtMs)
}
