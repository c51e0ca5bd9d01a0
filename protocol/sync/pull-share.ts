import { toHex } from '../encoding/index.ts'

/** Silence after which a peer's share is asked of others. A guess: several round trips of a slow uplink. */
export const STALL_MS = 3_000

interface Puller {
  /** When it last brought something, or was asked. */
  progressAtMs: number
  /** Devices (hex) that it was asked for and has not finished with. */
  claims: Set<string>
}

/**
 * Divides what a replica lacks among the peers that have it, by device, so that several are asked at once and no commit
 * comes twice. One for all sessions of a replica. A peer that stalls loses its share until it brings something again.
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
    if (known === undefined) this.#pullers.set(session, { progressAtMs: nowMs, claims: new Set() })
  }

  /** The session's peer brought something, or has just been asked. */
  progress(session: number, nowMs: number): void {
    const puller = this.#pullers.get(session)
    if (puller !== undefined) puller.progressAtMs = nowMs
  }

  /** True when no other session is pulling just now. */
  isAlone(session: number, nowMs: number): boolean {
    return this.#active(nowMs).every((it) => it === session)
  }

  /** True when this session is the one to ask for the device now. */
  isMine(session: number, device: Uint8Array, nowMs: number): boolean {
    const active = this.#active(nowMs)
    const name = toHex(device)
    if (active.some((it) => it !== session && this.#pullers.get(it)?.claims.has(name) === true)) return false
    const turn = ((device[0] ?? 0) * 256 + (device[1] ?? 0)) % Math.max(1, active.length)
    return (active[turn] ?? session) === session
  }

  /** The session asks for these devices; replaces its earlier claims. */
  claim(session: number, devices: Iterable<Uint8Array>): void {
    const puller = this.#pullers.get(session)
    if (puller !== undefined) puller.claims = new Set([...devices].map(toHex))
  }

  /** The session has nothing to pull, or has ended. */
  leave(session: number): void {
    this.#pullers.delete(session)
  }

  #active(nowMs: number): number[] {
    return [...this.#pullers]
      .filter(([, it]) => nowMs - it.progressAtMs < STALL_MS)
      .map(([session]) => session)
  }
}
